"""``--llm-cost-report=junit``: costs in pytest's own ``--junitxml``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_llmcost.model.call import Source
from pytest_llmcost.reports.junit import PREFIX, suite_properties, test_properties

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from pytest_llmcost.model.call import Call
    from pytest_llmcost.model.report import RunReport


def note_cost(item: pytest.Item, calls: Sequence[Call], *, include_mocked: bool) -> None:
    """Put the cost of a test so far where its next report takes it from, in a worker too.

    Args:
        item: The test, before a report of it is made.
        calls: Of its attempt.
        include_mocked: Whether mocked calls count.
    """
    counted = [call for call in calls if include_mocked or call.measured.source is not Source.MOCKED]
    others = [row for row in item.user_properties if not str(row[0]).startswith(PREFIX)]
    item.user_properties[:] = [*others, *test_properties(counted)]


def note_total(config: pytest.Config, report: RunReport) -> None:
    """Add the suite's properties to the XML file, which pytest has written by now, and write it again."""
    try:
        from _pytest.junitxml import xml_key  # pytest has no public name for it
    except ImportError:
        return
    xml = config.stash.get(xml_key, None)
    if xml is None:
        return
    for name, value in suite_properties(report):
        xml.add_global_property(name, value)
    xml.pytest_sessionfinish()
