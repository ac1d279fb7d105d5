"""``llmcost scan``: price cassette files without running a test."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from pytest_llmcost.assembly import Facts, assemble
from pytest_llmcost.capture.cassette_files import cassettes_in, is_yaml, read_cassette
from pytest_llmcost.capture.cassette_forms import RecordedExchange
from pytest_llmcost.capture.measure import measured_call
from pytest_llmcost.commands.reading import load_yaml
from pytest_llmcost.config.configuration import Configuration
from pytest_llmcost.errors import CassetteError, NotACassetteError
from pytest_llmcost.model.call import CassetteRef, MeasuredCall, Origin, Source
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.reports.json_report import render_json
from pytest_llmcost.reports.scan import render_scan
from pytest_llmcost.reports.text import safe
from pytest_llmcost.usage.background import BackgroundCalls, Settled
from pytest_llmcost.usage.read import read_exchange
from pytest_llmcost.usage.reading import NotACall

OK, UNREADABLE, USAGE = 0, 1, 2


@dataclass(slots=True)
class Scanned:
    """What a scan has found.

    Attributes:
        calls: In file and interaction order.
        files: How many files were read.
        unreadable: Path and reason of each file that was not.
        faults: Interactions that the reader failed on, by its own fault.
    """

    calls: list[MeasuredCall] = field(default_factory=list)
    files: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what is typed behind the command."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a cassette, or a folder of cassettes")
    parser.add_argument("--format", choices=("term", "json"), default="term", help="default: term")
    parser.add_argument(
        "--config", metavar="PATH", help="prices and hosts (default: llmcost.yaml, if it exists)"
    )


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO, width: int) -> int:
    """Scan what the command line names.

    Returns:
        0 if all was read, 1 if some file was not (each is named), 2 if a path does not exist.
    """
    missing = [path for path in arguments.paths if not Path(path).exists()]
    err.writelines(f"llmcost scan: no such file or folder: {safe(path)}\n" for path in missing)
    if missing:
        return USAGE
    configuration = load_yaml(arguments.config)
    found = scan(arguments.paths, configuration.hosts)
    report = _report(found, configuration)
    if arguments.format == "json":
        out.write(render_json(report))
    else:
        out.write("\n".join(render_scan(report, files=found.files, width=width)) + "\n")
    err.writelines(f"llmcost scan: {safe(path)}: {safe(reason)}\n" for path, reason in found.unreadable)
    err.writelines(f"llmcost scan: {safe(fault)}\n" for fault in found.faults)
    return UNREADABLE if found.unreadable or found.faults else OK


def scan(paths: Sequence[str], hosts: Mapping[str, str]) -> Scanned:
    """Read cassettes.

    Args:
        paths: Files, and folders whose cassettes are read in the order of their names.
        hosts: The YAML's ``hosts:``.
    """
    found = Scanned()
    for path, asked in _files(paths):
        name = path.as_posix()
        try:
            recorded = list(read_cassette(path))
        except CassetteError as error:
            if isinstance(error, NotACassetteError) and not asked and not is_yaml(path):
                continue
            found.unreadable.append((name, str(error)))
            continue
        found.files += 1
        try:
            found.calls += _calls(name, recorded, hosts)
        except Exception as error:  # noqa: BLE001  # one file must not end the scan of the others
            found.faults.append(f"{name}: {type(error).__name__}: {error}")
    return found


def _files(paths: Iterable[str]) -> Iterator[tuple[Path, bool]]:
    """The files to read, and whether each was asked for by its name."""
    for name in paths:
        path = Path(name)
        if path.is_dir():
            yield from ((file, False) for file in cassettes_in(path))
        else:
            yield path, True


def _calls(path: str, recorded: Iterable[RecordedExchange], hosts: Mapping[str, str]) -> list[MeasuredCall]:
    background: BackgroundCalls[RecordedExchange] = BackgroundCalls()
    settled: list[Settled[RecordedExchange]] = []
    for item in recorded:
        reading = read_exchange(item.exchange, hosts)
        if reading is None or isinstance(reading, NotACall):
            continue
        decided = background.settle(reading, item)
        if isinstance(decided, Settled):
            settled.append(decided)
    settled += background.unfinished()
    settled.sort(key=lambda one: one.attached.interaction)
    return [_measured(path, one) for one in settled]


def _measured(path: str, settled: Settled[RecordedExchange]) -> MeasuredCall:
    item = settled.attached
    call = measured_call(
        settled.reading,
        item.exchange,
        origin=Origin(),
        source=Source.REPLAYED,
        cassette=CassetteRef(path, item.interaction),
    )
    # The file does not say when the request was sent: when it was answered is the nearest.
    return call._replace(started_at=call.answered_at or call.started_at)


def _report(found: Scanned, configuration: Configuration) -> RunReport:
    from importlib.metadata import version

    now = datetime.now(UTC)
    facts = Facts(
        version=version("pytest-llmcost"),
        created_at=now,
        rootdir=Path.cwd().as_posix(),
        faults=tuple(found.faults),
    )
    return assemble(found.calls, facts, configuration, PriceTable(configuration.pricing, now.date()))
