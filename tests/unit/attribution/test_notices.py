"""What is said of calls without an agent, and when that is moot."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml
from exchanges import measured
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmcost.attribution.notices import agent_notices, empty_agents_notice, is_moot
from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.call import Call, Origin, Status
from pytest_llmcost.model.price import Lookup, PriceSource
from pytest_llmcost.model.report import Notice, NoticeKind


def call(agent=None, site=None):
    origin = Origin(agent=agent, agent_path=(agent,) if agent else ())
    return Call(
        "1",
        measured(origin=origin, call_site=site),
        Amount.exactly(Decimal(1)),
        {},
        Status.EXACT,
        None,
        Lookup(PriceSource.NONE),
    )


SAID = empty_agents_notice("support")


@pytest.mark.parametrize(
    ("notice", "calls", "moot"),
    [
        (SAID, [call()], False),
        (SAID, [call(), call("support")], True),
        (SAID, [], True),
        (SAID._replace(message="reworded"), [], True),
        (Notice(NoticeKind.AGENTS, SAID.message), [], False),
        (Notice(NoticeKind.TRACED, SAID.message), [call("support")], False),
    ],
)
def test_what_another_process_knows_better(notice, calls, moot):
    """That no call has an agent is not said where one has, whatever words say it; everything else is."""
    assert is_moot(notice, calls) is moot


@given(st.text(st.characters(), min_size=1).filter(lambda name: ":" not in name))
def test_lines_to_paste_name_the_file(name):
    """A file of any name can be pasted into llmcost.yaml, and comes out of it as it is."""
    [notice] = agent_notices([call("support", "app/a.py:1"), call(None, f"{name}:3")], [], full=False)
    assert notice.paste is not None
    [rule] = yaml.safe_load(notice.paste)["agents"]
    readable = "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in name)
    assert rule == {"name": "researcher", "call_site": readable}
