"""The ``replay:`` section of llmcost.yaml."""

from __future__ import annotations

import re

from pytest_llmcost.config.document import Value, unknown_key
from pytest_llmcost.config.scalars import choice
from pytest_llmcost.replay.json_paths import JsonPath, parse_path
from pytest_llmcost.replay.rules import Incomplete, ReplayRules, Stale

_KEYS = ("stale", "incomplete", "max_age", "ignore")
_AGE = re.compile(r"([1-9]\d{0,4})\s?(d|days?|w|weeks?)")
_DAYS_OF_WEEK = 7


def read_replay(section: Value) -> ReplayRules:
    """Check the section.

    Raises:
        ConfigError: If something in it is wrong; with its place.
    """
    rules = ReplayRules()
    for key, value in section.items("settings, such as {stale: estimate, max_age: 180d}"):
        name = key.text()
        if name == "stale":
            rules = rules._replace(stale=choice(value, Stale))
        elif name == "incomplete":
            rules = rules._replace(incomplete=choice(value, Incomplete))
        elif name == "max_age":
            rules = rules._replace(max_age=_days(value))
        elif name == "ignore":
            rules = rules._replace(ignore=tuple(map(_path, value.elements("a list of JSON paths"))))
        else:
            unknown_key(key, _KEYS, "replay")
    return rules


def _days(value: Value) -> int:
    wanted = "an age in days or weeks, such as 180d or 26w"
    found = _AGE.fullmatch(value.text(wanted).strip())
    if found is None:
        value.fail_type(wanted)
    return int(found[1]) * (_DAYS_OF_WEEK if found[2].startswith("w") else 1)


def _path(value: Value) -> JsonPath:
    typed = value.text("a JSON path, such as $.user or $.metadata.*")
    try:
        return parse_path(typed)
    except ValueError as error:
        value.fail(f"{value.name}: {typed!r}: {error}")
