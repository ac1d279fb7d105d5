"""The command ``llmcost``."""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from pytest_llmcost.errors import ComparisonError, LlmCostError

_CANNOT_READ, _NOT_COMPARABLE = 2, 3
_NARROWEST = 60
# Each is a module of ``commands`` with ``add_arguments`` and ``run``.
_COMMANDS: Mapping[str, str] = {
    "scan": "price cassette files without running a test",
    "explain": "every cent of a test or a call, as on an invoice",
    "prices": "the price of a model, and a calculation line by line",
    "diff": "what changed between two runs, and why",
    "check": "judge a report again by the limits of llmcost.yaml",
    "merge": "join the reports of CI shards into one",
    "whatif": "the cost of the same usage on another model",
    "comment": "keep one comment on a pull request up to date",
    "init": "write a first llmcost.yaml from what the last run cost",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; the exit status tells how it went (see each command)."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    parsed = _parser(typed).parse_args(typed)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a code page without the sign for "at least"
    width = max(shutil.get_terminal_size().columns, _NARROWEST)
    collects = gc.isenabled()
    gc.disable()  # a big report is millions of objects without a cycle: looking for one takes most time
    try:
        status: int = _module(parsed.command).run(parsed, sys.stdout, sys.stderr, width)
        sys.stdout.flush()
    except LlmCostError as error:
        from pytest_llmcost.reports.text import safe

        sys.stderr.write(f"llmcost {parsed.command}: {safe(str(error))}\n")
        return _NOT_COMPARABLE if isinstance(error, ComparisonError) else _CANNOT_READ
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
        sys.stderr.write(f"llmcost {parsed.command}: {_fault(error)}\n")
        return _CANNOT_READ
    except BrokenPipeError:
        # The reader (head, less) has seen enough; without this, Python complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    finally:
        if collects:
            gc.enable()
    return status


def _fault(error: Exception) -> str:
    """Where it went wrong; what the error says may quote a file of anybody's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code if trace is not None else None
    place = f" ({os.path.basename(code.co_filename)}:{trace.tb_lineno})" if code and trace else ""  # noqa: PTH119
    return (
        "cannot go on: a file that no run has written, or a fault of pytest-llmcost:"
        f" {type(error).__name__}{place}; run pytest --llm-cost again to write a new report"
    )


def _parser(typed: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="llmcost", description="What your LLM tests cost, and why.")
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="show the version")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        if name in typed:  # the others are not loaded
            _module(name).add_arguments(command)
    return parser


def _module(command: str) -> Any:
    return import_module(f"pytest_llmcost.commands.{command}")


class _ShowVersion(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, *_: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"llmcost {version('pytest-llmcost')}\n")
        sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
