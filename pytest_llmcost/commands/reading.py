"""What the commands read: reports, baselines, llmcost.yaml."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_llmcost.baseline_source import is_report, parse_any, read_source, read_text
from pytest_llmcost.config.configuration import DEFAULT_NAME, Configuration
from pytest_llmcost.errors import BaselineError, ComparisonError, ReportError
from pytest_llmcost.model.baseline import Baseline
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.reports.json_reader import parse_report
from pytest_llmcost.settings import BASELINE_NAME, GIT, BaselineSource

if TYPE_CHECKING:
    from pytest_llmcost.pricing.table import PriceTable
    from pytest_llmcost.reports.json_calls import KnownCalls

DEFAULT_REPORT = ".llmcost/report.json"


class Base(NamedTuple):
    """What a run is compared with.

    Attributes:
        baseline: Its lines.
        report: The run that it is; None for a baseline.
        folder: Of the baseline, relative to the root of the run.
    """

    baseline: Baseline
    report: RunReport | None
    folder: str


def load_report(name: str, option: str = "", known: KnownCalls | None = None) -> RunReport:
    """Read a report.json.

    Args:
        name: The file, as the user names it.
        option: How to name another one, for the message.
        known: The calls of another report that is read too.

    Raises:
        ReportError: If there is none or it cannot be read.
    """
    path = Path(name)
    if not path.exists():
        other = f"name one with {option}" if option else "name another one"
        raise ReportError(f"no report at {name}: run pytest --llm-cost here, or {other}")
    try:
        text = read_text(path, name)
    except BaselineError as error:
        raise ReportError(str(error)) from error
    return parse_report(text, name, known)


def baseline_source(typed: str | None, folder: Path) -> BaselineSource:
    """Where the base is that a command line names.

    Args:
        typed: A path, ``git:REF``, or None for the file beside the configuration, if there is one.
        folder: Of the configuration.
    """
    default = (folder / BASELINE_NAME).absolute()
    if typed is None:
        return BaselineSource(default, (folder / BASELINE_NAME).as_posix())
    if typed.startswith(GIT):
        return BaselineSource(default, typed, ref=typed.removeprefix(GIT), required=True)
    return BaselineSource(Path(typed).absolute(), typed, required=True)


def load_base(source: BaselineSource, head: RunReport, known: KnownCalls | None = None) -> Base | None:
    """Read a base.

    Args:
        source: Where it is.
        head: The run that is compared with it.
        known: The calls of the run.

    Returns:
        The base; None if there is none and nobody has asked for it.

    Raises:
        BaselineError: If it cannot be read.
        ReportError: If it is a report that cannot be read.
        ComparisonError: If it is a report that lacks calls.
    """
    text = read_source(source)
    if text is None:
        if source.required:
            raise BaselineError(f"{source.name}: the commit has no {source.path.name}")
        return None
    if is_report(text):
        from pytest_llmcost.baseline.from_report import baseline_of

        report = parse_report(text, source.name, known)
        check_complete(report, source.name)
        return Base(baseline_of(report, source.name), report, "")
    return Base(parse_any(text, source.name), None, _folder_below(source.path.parent, head.meta.rootdir))


def _folder_below(folder: Path, root: str) -> str:
    """Where a baseline lies below the root of a run: else, or on another machine, it is one of the root."""
    inside = Path(root).is_dir() and folder.resolve().is_relative_to(Path(root).resolve())
    relative = folder.resolve().relative_to(Path(root).resolve()).as_posix() if inside else "."
    return "" if relative == "." else relative


def check_complete(report: RunReport, name: str) -> None:
    """Refuse a run that lacks calls.

    Raises:
        ComparisonError: With what to do.
    """
    if not report.meta.complete:
        raise ComparisonError(
            f"{name}: the run is not complete, calls may be missing, so that its figures mean nothing;"
            " run pytest --llm-cost again"
        )


def load_yaml(asked: str | None) -> Configuration:
    """The configuration: the file that was asked for, else the one in this folder, if there is one.

    Raises:
        ConfigError: If something in it is wrong, or the file that was asked for is not there.
    """
    default = Path(DEFAULT_NAME)
    if asked is None and not default.is_file():
        return Configuration()
    from pytest_llmcost.config.load import load_configuration

    return load_configuration(Path(asked or default), asked or DEFAULT_NAME)


def prices_of_day(report: RunReport, configuration: Configuration) -> PriceTable:
    """The price table as of the day whose prices a run has.

    Args:
        report: The run.
        configuration: With the user's own prices.
    """
    from pytest_llmcost.pricing.rules import AsOf
    from pytest_llmcost.pricing.table import PriceTable

    typed = report.meta.pricing.as_of
    as_of = AsOf.RECORDED if typed == AsOf.RECORDED.value else date.fromisoformat(typed)
    return PriceTable(configuration.pricing._replace(as_of=as_of), report.meta.created_at.date())
