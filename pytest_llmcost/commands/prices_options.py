"""What can be typed behind ``llmcost prices``."""

from __future__ import annotations

import argparse
from datetime import date

from pytest_llmcost.model.units import UNITS

_MOST_DIGITS = 15
# The options for the units that are asked for most; --unit takes all.
UNIT_OPTIONS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache-read": "cache_read_tokens",
    "cache-write": "cache_write_tokens",
    "cache-write-1h": "cache_write_1h_tokens",
    "cache-write-12h": "cache_write_12h_tokens",
    "web-searches": "web_searches",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("model", metavar="MODEL", help="provider/model, or a model id alone")
    parser.add_argument("--provider", metavar="P", help="whose model it is, if MODEL does not say")
    for option, unit in UNIT_OPTIONS.items():
        inside = ", cached ones included" if option == "input" else ""
        parser.add_argument(
            f"--{option}", type=_count, metavar="N", dest=unit, help=f"calculate for N {unit}{inside}"
        )
    parser.add_argument(
        "--unit",
        action="append",
        type=_unit,
        default=[],
        metavar="NAME=N",
        help="any other unit, such as audio_seconds=60",
    )
    parser.add_argument("--service-tier", metavar="T", help="such as flex, priority or batch")
    parser.add_argument(
        "--context", action="append", type=_pair, default=[], metavar="KEY=VALUE", help="such as speed=fast"
    )
    parser.add_argument(
        "--as-of", type=_day, metavar="DATE", help="the day whose prices hold (default: today)"
    )
    parser.add_argument("--format", choices=("term", "json"), default="term", help="default: term")
    parser.add_argument("--config", metavar="PATH", help="own prices (default: llmcost.yaml, if it exists)")


def _count(text: str) -> int:
    digits = text.replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        raise argparse.ArgumentTypeError(f"{text!r} is no count, such as 1200 or 1,200")
    return int(digits)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (equals and key and value):
        raise argparse.ArgumentTypeError(f"{text!r} is no KEY=VALUE, such as speed=fast")
    return key, value


def _unit(text: str) -> tuple[str, int]:
    name, number = _pair(text)
    if name not in UNITS:
        import difflib

        near = difflib.get_close_matches(name, UNITS, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise argparse.ArgumentTypeError(f"no unit is called {name!r}{hint}")
    return name, _count(number)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-11-23") from error
