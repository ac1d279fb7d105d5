"""The command ``llmcost``."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence

from pytest_llmcost.errors import LlmCostError

_CANNOT_READ = 2
_DEFAULT_REPORT = ".llmcost/report.json"
_NARROWEST = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; the exit status tells how it went (see each command)."""
    parsed = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a code page without the sign for "at least"
    width = max(shutil.get_terminal_size().columns, _NARROWEST)
    try:
        if parsed.command == "scan":
            from pytest_llmcost.commands import scan

            return scan.run(parsed, sys.stdout, sys.stderr, width)
        if parsed.command == "prices":
            from pytest_llmcost.commands import prices

            return prices.run(parsed, sys.stdout, sys.stderr, width)
        from pytest_llmcost.commands import explain

        return explain.run(parsed, sys.stdout, sys.stderr, width)
    except LlmCostError as error:
        from pytest_llmcost.reports.text import safe

        sys.stderr.write(f"llmcost {parsed.command}: {safe(str(error))}\n")
        return _CANNOT_READ
    except BrokenPipeError:
        # The reader (head, less) has seen enough; without this, Python complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    from pytest_llmcost.commands import prices_options

    parser = argparse.ArgumentParser(prog="llmcost", description="What your LLM tests cost, and why.")
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="show the version")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    scan = commands.add_parser("scan", help="price cassette files without running a test")
    scan.add_argument("paths", nargs="+", metavar="PATH", help="a cassette, or a folder of cassettes")
    scan.add_argument("--format", choices=("term", "json"), default="term", help="default: term")
    scan.add_argument(
        "--config", metavar="PATH", help="prices and hosts (default: llmcost.yaml, if it exists)"
    )
    explain = commands.add_parser("explain", help="every cent of a test or a call, as on an invoice")
    explain.add_argument("target", metavar="NODEID|CALL", help="a test, or the id of a call such as c3")
    explain.add_argument(
        "--report", metavar="PATH", default=_DEFAULT_REPORT, help=f"default: {_DEFAULT_REPORT}"
    )
    prices = commands.add_parser("prices", help="the price of a model, and a calculation line by line")
    prices_options.add_options(prices)
    return parser


class _ShowVersion(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, *_: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"llmcost {version('pytest-llmcost')}\n")
        sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
