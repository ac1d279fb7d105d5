"""What comparing a replayed request with the recorded one costs, per call, when its test has ended.

Usage: python benchmarks/replay.py [CALLS]

Processor time of CALLS different calls in tests of five, the best of five runs; prompts of three sizes. The
request is the recorded one byte by byte, written in another way, with another time in it, for another model,
with other words in its system prompt, or with two more messages. All tests are settled in one go; a session does
it after each of them.
"""

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from pytest_llmcost.capture.played import Played
from pytest_llmcost.capture.staleness import Staleness
from pytest_llmcost.model.call import Api, MeasuredCall, ModelIds, Origin, RequestSize, Source
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.replay.rules import ReplayRules

RULE = "Rule {n}: answer the customer in full sentences, be polite, and name the section of the handbook.\n"
CALLS_OF_A_TEST = 5
URL = "https://api.openai.com/v1/chat/completions"


class Request:
    """As vcr keeps one."""

    def __init__(self, body: bytes) -> None:
        self.uri, self.body = URL, body


class Cassette:
    def filter_request(self, request: Request) -> Request:
        return request


def body(rules: int, call: int, moment: str = "2026-11-23T10:00:00Z") -> dict[str, Any]:
    system = f"It is {moment}.\n" + "".join(RULE.format(n=n) for n in range(rules))
    messages = [{"role": "system", "content": system}, {"role": "user", "content": f"Question {call}?"}]
    return {"model": "gpt-4o-mini", "messages": messages, "temperature": 0}


def measured(usage: int, test: str) -> MeasuredCall:
    return MeasuredCall(
        origin=Origin(test),
        provider="openai",
        host="api.openai.com",
        api=Api.OPENAI_CHAT,
        model=ModelIds("gpt-4o-mini", "gpt-4o-mini"),
        stream=False,
        source=Source.REPLAYED,
        usage=Usage({"input_tokens": usage, "output_tokens": 10}),
        incomplete=None,
        request=RequestSize("", {}),
        started_at=datetime.now(UTC),
    )


def reworded(request: dict[str, Any]) -> dict[str, Any]:
    system, question = request["messages"]
    text = system["content"].replace("Rule 3: answer", "Rule 3: always kindly answer")
    return {**request, "messages": [{**system, "content": text}, question]}


def grown(request: dict[str, Any]) -> dict[str, Any]:
    more = ({"role": "assistant", "content": "It is so."}, {"role": "user", "content": "And then?"})
    return {**request, "messages": [*request["messages"], *more]}


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def per_call(recorded: list[bytes], sent: list[bytes]) -> float:
    """Microseconds of processor time."""
    best = float("inf")
    for _ in range(5):
        staleness = Staleness(ReplayRules(), lambda place, error: sys.exit(f"{place}: {error!r}"))
        calls = [
            measured(1_000 + n, f"tests/test_it.py::test_{n // CALLS_OF_A_TEST}") for n in range(len(sent))
        ]
        plays = [Played(Cassette(), Request(a), Request(b)) for a, b in zip(sent, recorded, strict=True)]
        begin = time.process_time()
        calls = [
            staleness.look_at(call, played, one) for call, played, one in zip(calls, plays, sent, strict=True)
        ]
        staleness.settle(calls)
        best = min(best, time.process_time() - begin)
    return best / len(sent) * 1e6


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"{calls} calls, microseconds a call")
    print(
        f"{'prompt':>10} {'same bytes':>12} {'other JSON':>12} {'other time':>12} {'edited':>12}"
        f" {'reworded':>12} {'grown':>12}"
    )
    for rules in (5, 40, 160):
        recorded = [body(rules, n) for n in range(calls)]
        moved = [body(rules, n, "2026-12-24T18:30:00Z") for n in range(calls)]
        edited = [{**body(rules, n), "model": "gpt-4o"} for n in range(calls)]
        plain = [compact(one) for one in recorded]
        figures = (
            per_call(plain, plain),
            per_call([json.dumps(one, indent=1).encode() for one in recorded], plain),
            per_call(plain, [compact(one) for one in moved]),
            per_call(plain, [compact(one) for one in edited]),
            per_call(plain, [compact(reworded(one)) for one in recorded]),
            per_call(plain, [compact(grown(one)) for one in recorded]),
        )
        print(f"{len(plain[0]):>8,} B {' '.join(f'{figure:12.1f}' for figure in figures)}")


if __name__ == "__main__":
    main()
