"""``llmcost whatif``: the cost of the same usage on another model."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from typing import TextIO

from pytest_llmcost.commands.reading import check_complete, load_report, load_yaml, prices_of_day
from pytest_llmcost.errors import ComparisonError, ConfigError
from pytest_llmcost.model.call import Call, Status
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.rollup import counted_calls
from pytest_llmcost.pricing.switch import Switch, names_of, switched
from pytest_llmcost.reports.whatif import render_whatif

OK = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what is typed behind the command."""
    parser.add_argument("report", metavar="REPORT", help="a report.json")
    parser.add_argument(
        "--model",
        action="append",
        required=True,
        metavar="A=B",
        help="B in the place of A, each as provider/model; may be given more than once",
    )
    parser.add_argument("--config", metavar="PATH", help="own prices (default: llmcost.yaml, if it exists)")


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO, width: int) -> int:  # noqa: ARG001
    """Price a run as if other models had made its calls.

    Returns:
        0 if a price of each model is known.
    """
    switches = [parse_switch(typed) for typed in arguments.model]
    report = load_report(arguments.report)
    check_complete(report, arguments.report)
    after, changed = switched(report, switches, prices_of_day(report, load_yaml(arguments.config)))
    counted = {call.id for call in counted_calls(report)}
    for switch, calls in changed.items():
        _check(switch, [call for call in calls if call.id in counted], report, arguments.report)
    numbers = {switch: sum(call.id in counted for call in calls) for switch, calls in changed.items()}
    out.write("\n".join(render_whatif(report, after, numbers, width)) + "\n")
    return OK


def parse_switch(typed: str) -> Switch:
    """Read ``A=B``.

    Raises:
        ConfigError: If it is not of that form.
    """
    old, _, new = typed.partition("=")
    for name in (old, new):
        provider, _, model = name.partition("/")
        if not (provider and model):
            raise ConfigError(
                f"--model {typed}: write provider/model=provider/model, such as"
                " openai/gpt-4o=openai/gpt-4o-mini"
            )
    return Switch(old, new)


def _check(switch: Switch, calls: Sequence[Call], report: RunReport, name: str) -> None:
    if not calls:
        names = sorted({one for call in counted_calls(report) for one in names_of(call.measured)})
        near = difflib.get_close_matches(switch.old, names, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else f"; its models: {', '.join(names) or 'none'}"
        raise ConfigError(f"{name} has no call of {switch.old}{hint}")
    if any(call.status is Status.UNPRICED for call in calls):
        raise ComparisonError(
            f"no price of {switch.new} is known; if the name is right, add to llmcost.yaml, in USD per"
            f' million tokens: pricing: {{models: {{"{switch.new}": {{input: "...", output: "..."}}}}}}'
        )
