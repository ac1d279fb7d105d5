"""Whatever the order of starts, polls and answers: each response is one call."""

from __future__ import annotations

from collections import Counter

from exchanges import exchange
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmcost.usage.background import BackgroundCalls, Settled
from pytest_llmcost.usage.read import read_exchange

RUNS = "https://api.openai.com/v1/threads/t/runs"
USAGE = {"prompt_tokens": 5, "completion_tokens": 6}
states = st.sampled_from(["queued", "in_progress", "requires_action", "failed", "completed"])
steps = st.lists(st.tuples(st.sampled_from("SGO"), st.sampled_from("ab"), states), max_size=12)


@given(steps=steps)
def test_each_run_is_one_call(steps):
    """Start, poll or outputs of tools, in any order and as often as may be."""
    background, found = BackgroundCalls(), []
    started, completed = set(), Counter()
    for kind, name, status in steps:
        if kind == "S" and name in started:
            continue  # an id is given once
        url = {"S": RUNS, "G": f"{RUNS}/{name}", "O": f"{RUNS}/{name}/submit_tool_outputs"}[kind]
        if kind == "O" and name not in started:
            continue
        started.update(name if kind == "S" else ())
        usage = USAGE if status == "completed" else None
        answer = {"id": name, "object": "thread.run", "model": "m", "status": status, "usage": usage}
        sent = exchange(url, answer, {}, method="GET" if kind == "G" else "POST")
        if kind == "O" and completed[name]:
            continue  # a run that has ended takes no outputs
        settled = background.settle(read_exchange(sent, {}), None)
        if isinstance(settled, Settled):
            found.append(settled)
            completed[name] += 1
    found += background.unfinished()
    ids = Counter(settled.reading.stated.response_id for settled in found)
    assert set(ids) == started
    assert all(number == 1 for number in ids.values())
    assert all(one.reading.stated.usage is not None or one.reading.stated.incomplete for one in found)
