"""The ``projection:`` section: how often agents work in production."""

from __future__ import annotations

from pytest_llmcost.config.document import Value, unknown_key
from pytest_llmcost.config.scalars import whole_number
from pytest_llmcost.model.projection import Per, Volume

_KEYS = {"runs_per_month": Per.RUN, "calls_per_month": Per.CALL}
_EXAMPLE = "{runs_per_month: 120000}"


def read_projection(section: Value) -> tuple[Volume, ...]:
    """Check the section and turn it into volumes, in their order.

    Raises:
        ConfigError: With the place of the first mistake.
    """
    agents = section.items(f"agents with their volumes, such as {{support_agent: {_EXAMPLE}}}")
    return tuple(_volume(agent, value) for agent, value in agents)


def _volume(agent: Value, value: Value) -> Volume:
    if not agent.text().strip():
        agent.fail(f"{agent.label} takes names of agents; found an empty one")
    if not value.is_mapping():
        value.fail_type(f"a volume, such as {_EXAMPLE}")
    found: list[Volume] = []
    for key, number in value.items():
        if key.text() not in _KEYS:
            unknown_key(key, _KEYS, value.name)
        if found:
            key.fail(f"{value.name} takes one of {' and '.join(_KEYS)}; found both")
        wanted = "a whole number from 1, such as 120_000"
        per_month = whole_number(number, wanted)
        if not per_month:
            number.fail_type(wanted)
        found.append(Volume(agent.text(), _KEYS[key.text()], per_month))
    if not found:
        value.fail(f"{value.name} has no volume; add one, such as {_EXAMPLE}")
    return found[0]
