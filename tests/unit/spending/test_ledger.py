"""What live calls of a run have spent, in a file that its processes share."""

from __future__ import annotations

from copy import copy
import json
import os
import multiprocessing
import threading
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmcost.spending.ledger import Ledger, new_ledger_file

ONE, TEN = Decimal(1), Decimal(10)


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "ledger.jsonl"
    file.touch()
    return file


def test_reserved_and_settled(path):
    """A call counts by what is known of it, and when it has ended by what it has cost."""
    ledger = Ledger(path, "main")
    first = ledger.admit(ONE, TEN)
    assert (first.spent, ledger.spent) == (0, 1)
    ledger.settle(first.token, Decimal("8.5"))
    assert ledger.spent == Decimal("8.5")
    assert ledger.admit(Decimal(2), TEN) == (None, Decimal("8.5"))
    assert ledger.admit(Decimal("1.5"), TEN).token is not None
    assert ledger.spent == TEN


def test_nothing_is_left(path):
    """What is known of a call is a lower bound: at the cap none is sent, not even one of $0; so is a cap of 0."""
    ledger = Ledger(path, "main")
    assert ledger.admit(Decimal(0), Decimal(0)).token is None
    ledger.settle(ledger.admit(ONE, TEN).token, TEN)
    assert ledger.admit(Decimal(0), TEN).token is None


def test_processes_see_each_other(path):
    """What one process writes the others count, and what was refused they can tell."""
    left, right = Ledger(path, "gw0"), Ledger(path, "gw1")
    token = left.admit(ONE, TEN).token
    right.admit(ONE, TEN)
    left.settle(token, Decimal(3))
    right.refuse("test_a.py::test_é\n", "too dear", "text")
    assert left.spent == right.spent == 4
    assert left.refusals() == right.refusals() == [("gw1", "test_a.py::test_é\n", "too dear", "text")]


def test_a_fork_while_another_thread_reads(path, monkeypatch):
    """The child has a view that is half made: it reads the file from its beginning."""
    other, ledger, forked = Ledger(path, "gw0"), Ledger(path, "main"), []
    for _ in range(3):
        other.admit(ONE, TEN)
    take = ledger._take
    monkeypatch.setattr(ledger, "_take", lambda fact: (take(fact), forked.append(copy(ledger))))
    assert ledger.spent == 3
    child, parent = forked[0], os.getpid()  # as it was after the first of three lines
    monkeypatch.setattr(child, "_take", take.__func__.__get__(child))
    child._calls = dict(list(child._calls.items())[:1])
    monkeypatch.setattr(os, "getpid", lambda: parent + 1)
    assert child.spent == 3


def admit_many(path, process, number):
    ledger = Ledger(path, process)
    for _ in range(number):
        ledger.admit(ONE, Decimal(50))


def test_threads_and_processes_at_once(path):
    """However many ask at the same instant, no more are let out than the cap has room for."""
    shared = Ledger(path, "main")
    threads = [
        threading.Thread(target=lambda: [shared.admit(ONE, Decimal(50)) for _ in range(20)]) for _ in range(3)
    ]
    start = multiprocessing.get_context("spawn")
    processes = [start.Process(target=admit_many, args=(path, f"gw{n}", 20)) for n in range(2)]
    for one in (*processes, *threads):
        one.start()
    for one in (*processes, *threads):
        one.join()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len({line[1] for line in lines}) == len(lines) == 50
    assert shared.spent == 50


@given(st.lists(st.tuples(st.integers(0, 2), st.decimals(0, 100, places=6)), max_size=30))
def test_the_sum_is_that_of_the_last_costs(facts):
    """In any order of facts and readers, what was spent is the sum of what was last said of each call."""
    path = new_ledger_file()
    try:
        ledgers = [Ledger(path, f"gw{n}") for n in range(3)]
        known = {}
        for reader, usd in facts:
            token = ledgers[reader].admit(usd, Decimal(10**6)).token
            known[token] = usd
            if reader:
                ledgers[reader - 1].settle(token, usd * 2)
                known[token] = usd * 2
        assert {ledger.spent for ledger in ledgers} == {sum(known.values(), Decimal(0))}
    finally:
        path.unlink()


def test_a_file_that_is_gone(path):
    """It is not made again: a sum that begins anew would let everything out."""
    ledger = Ledger(path, "main")
    path.unlink()
    with pytest.raises(FileNotFoundError):
        ledger.admit(ONE, TEN)
