"""What was asked for: command line, environment, ini-file and llmcost.yaml, decided in this one place.

An option on the command line comes before the environment, the environment before the ini-file.
"""

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from pytest_llmcost.config.configuration import DEFAULT_NAME, Configuration
from pytest_llmcost.errors import ConfigError
from pytest_llmcost.model.money import parse_money
from pytest_llmcost.model.typed import UNTYPED, Typed

if TYPE_CHECKING:
    import pytest

_ON = frozenset({"1", "true", "yes", "on"})
_OFF = frozenset({"0", "false", "no", "off"})
BASELINE_NAME = "llmcost-baseline.json"
REPLAYED = "replayed"
_SHOWS_TEXTS = 2  # -vv
GIT = "git:"
REPORT_DIR = ".llmcost"
REPORT_NAME = "report.json"


class ReportType(StrEnum):
    """What ``--llm-cost-report`` takes."""

    JSON = "json"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    TERM_CALLS = "term-calls"
    NO_TERM = "no-term"


class FailOn(StrEnum):
    """What ``--llm-cost-fail-on`` takes: from which level a finding fails the session."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


class ReportRequest(NamedTuple):
    """One ``--llm-cost-report``.

    Attributes:
        type: Which report.
        path: Where to write it; None for the terminal.
    """

    type: ReportType
    path: str | None


class BaselineSource(NamedTuple):
    """Where the baseline of a session is.

    Attributes:
        path: The file; with a ref the one whose version at that commit is read.
        name: As users name it.
        ref: A commit of git; None for the file itself. ``main...`` is the merge-base with main.
        required: Whether the user has named it.
    """

    path: Path
    name: str
    ref: str | None = None
    required: bool = False


class Settings(NamedTuple):
    """What holds for a session.

    Attributes:
        invoked_from: The folder in which pytest was started; reports are written below it.
        root: pytest's rootdir; tests and cassettes are named from there.
        reports: The reports asked for beside the terminal and .llmcost/report.json.
        configuration: What llmcost.yaml says.
        today: The day of the run, before any test could freeze the clock.
        baseline: Where the baseline is.
        update: Whether this run is accepted as the baseline.
        reason: Why it is accepted; None if nobody says.
        fail_on: From which level a finding fails the session.
        require_replayed: Whether a call that is paid in this run is an error.
        max_spend: USD that live calls may cost; None for no cap.
        typed: The files of the gate, as the command line names them.
    """

    invoked_from: Path
    root: Path
    reports: tuple[ReportRequest, ...]
    configuration: Configuration
    today: date
    baseline: BaselineSource
    update: bool = False
    reason: str | None = None
    fail_on: FailOn = FailOn.ERROR
    require_replayed: bool = False
    max_spend: Decimal | None = None
    typed: Typed = UNTYPED

    @classmethod
    def from_config(cls, config: "pytest.Config") -> Self:
        """Decide.

        Raises:
            ConfigError: If an option or llmcost.yaml is wrong.
        """
        invoked_from = Path(config.invocation_params.dir)
        typed: list[str] = config.getoption("llm_cost_report") or config.getini("llm_cost_report")
        return cls(
            invoked_from=invoked_from,
            root=config.rootpath,
            reports=tuple(parse_report_request(text) for text in typed),
            configuration=_with_texts(_configuration(config, invoked_from), config),
            today=datetime.now(UTC).date(),
            baseline=_baseline(config, invoked_from),
            update=_updates(config),
            reason=config.getoption("llm_cost_reason"),
            fail_on=_fail_on(config),
            require_replayed=_requires_replays(config),
            max_spend=_max_spend(config),
            typed=_typed(config),
        )

    def asks_for(self, kind: ReportType) -> bool:
        """Whether a report was asked for."""
        return any(request.type is kind for request in self.reports)

    @property
    def report_path(self) -> Path:
        """Where every run writes its report."""
        return self.invoked_from / REPORT_DIR / REPORT_NAME


def is_enabled(config: "pytest.Config", environ: Mapping[str, str]) -> bool:
    """Whether costs are measured: ``--llm-cost``, ``PYTEST_LLM_COST=1``, or ``llm_cost = true``."""
    from_environ = environ.get("PYTEST_LLM_COST", "").strip().lower()
    if config.getoption("llm_cost"):
        return True
    if from_environ in _ON or from_environ in _OFF:
        return from_environ in _ON
    if from_environ:
        raise ConfigError(f"PYTEST_LLM_COST={from_environ}: not a switch; write 1 or 0")
    return bool(config.getini("llm_cost"))


def parse_report_request(text: str) -> ReportRequest:
    """Read ``TYPE[:PATH]``.

    Raises:
        ConfigError: If the type is unknown or the path does not fit it.
    """
    name, _, path = text.partition(":")
    allowed = ", ".join(kind.value for kind in ReportType)
    if name not in set(ReportType):
        raise ConfigError(f"--llm-cost-report={text}: unknown type {name!r}; allowed: {allowed}")
    kind = ReportType(name)
    if kind is ReportType.JSON and not path:
        raise ConfigError(
            f"--llm-cost-report={text}: say where, such as json:cost.json"
            f" ({REPORT_DIR}/{REPORT_NAME} is written by every run)"
        )
    if kind is ReportType.MARKDOWN:
        return ReportRequest(kind, path or f"{REPORT_DIR}/report.md")
    if kind is not ReportType.JSON and path:
        raise ConfigError(f"--llm-cost-report={text}: {name} writes no file; leave out the path")
    return ReportRequest(kind, path or None)


def _with_texts(configuration: Configuration, config: "pytest.Config") -> Configuration:
    replay = configuration.replay._replace(show_texts=config.get_verbosity() >= _SHOWS_TEXTS)
    return configuration._replace(replay=replay)


def _baseline(config: "pytest.Config", invoked_from: Path) -> BaselineSource:
    folder = _config_folder(config, invoked_from)
    typed, start = config.getoption("llm_cost_baseline"), invoked_from
    if not typed:
        typed, start = config.getini("llm_cost_baseline"), _beside(config)
        if typed.startswith(GIT) and config.getoption("llm_cost_update"):
            typed = ""  # a commit is compared with; what is accepted goes into the file
    default = folder / BASELINE_NAME
    if not typed:
        return BaselineSource(default, shown_path(default, invoked_from))
    if typed.startswith(GIT):
        return BaselineSource(default, typed, ref=typed.removeprefix(GIT), required=True)
    return BaselineSource((start / typed).resolve(), typed, required=True)


def _typed(config: "pytest.Config") -> Typed:
    baseline = config.getoption("llm_cost_baseline") or ""
    return Typed(
        config=config.getoption("llm_cost_config") or None,
        baseline=None if not baseline or baseline.startswith(GIT) else baseline,
    )


def _updates(config: "pytest.Config") -> bool:
    update = bool(config.getoption("llm_cost_update"))
    if config.getoption("llm_cost_reason") and not update:
        raise ConfigError(
            "--llm-cost-reason says why a cost is accepted, and needs --llm-cost-update: add it"
        )
    typed = config.getoption("llm_cost_baseline") or ""
    if update and typed.startswith(GIT):
        raise ConfigError(f"--llm-cost-update cannot write to {typed}; leave --llm-cost-baseline out")
    return update


def _requires_replays(config: "pytest.Config") -> bool:
    typed = config.getoption("llm_cost_require") or config.getini("llm_cost_require")
    if typed not in {"", REPLAYED}:
        raise ConfigError(f"llm_cost_require = {typed}: unknown; allowed: {REPLAYED}")
    return bool(typed)


def _fail_on(config: "pytest.Config") -> FailOn:
    typed = config.getoption("llm_cost_fail_on") or config.getini("llm_cost_fail_on")
    if typed not in set(FailOn):
        allowed = ", ".join(level.value for level in FailOn)
        raise ConfigError(f"llm_cost_fail_on = {typed}: unknown; allowed: {allowed}")
    return FailOn(typed)


def _max_spend(config: "pytest.Config") -> Decimal | None:
    typed, place = config.getoption("llm_cost_max_spend"), "--llm-cost-max-spend="
    if typed is None:
        typed, place = config.getini("llm_cost_max_spend"), "llm_cost_max_spend = "
        if not typed:
            return None
    try:
        found = parse_money(typed)
    except ValueError:
        found = None
    if found is None or found.is_signed():
        raise ConfigError(f"{place}{typed}: no amount; write USD such as 0.50 (0: nothing that costs)")
    return found


def _beside(config: "pytest.Config") -> Path:
    return config.inipath.parent if config.inipath else config.rootpath


def _config_folder(config: "pytest.Config", invoked_from: Path) -> Path:
    """The folder of llmcost.yaml, or where it would be: the baseline is there by default."""
    asked = config.getoption("llm_cost_config")
    if asked:
        return (invoked_from / str(asked)).parent
    asked = config.getini("llm_cost_config")
    beside = _beside(config)
    return (beside / str(asked)).parent if asked else beside


def _configuration(config: "pytest.Config", invoked_from: Path) -> Configuration:
    asked = config.getoption("llm_cost_config")
    if asked:
        return _required(invoked_from / asked, asked, "--llm-cost-config")
    beside = config.inipath.parent if config.inipath else config.rootpath
    asked = config.getini("llm_cost_config")
    if asked:
        return _required(beside / asked, asked, "llm_cost_config in the ini-file")
    path = beside / DEFAULT_NAME
    return _load(path, shown_path(path, invoked_from)) if path.is_file() else Configuration()


def _required(path: Path, asked: str, option: str) -> Configuration:
    if not path.is_file():
        found = "a folder, not a file" if path.is_dir() else "no such file"
        raise ConfigError(f"{option}: {found}: {asked}")
    return _load(path, asked)


def _load(path: Path, shown: str) -> Configuration:
    from pytest_llmcost.config.load import load_configuration

    return load_configuration(path, shown)


def shown_path(path: Path, start: Path) -> str:
    """A path as the user would type it from a folder."""
    try:
        return path.relative_to(start).as_posix()
    except ValueError:
        return Path(os.path.relpath(path, start)).as_posix()
