"""Which replayed calls sent another request than the recorded one: found when a test has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pytest_llmcost.capture.played import Played
from pytest_llmcost.model.call import MeasuredCall, Source
from pytest_llmcost.replay.rules import ReplayRules, Stale

# Slopes are learnt from prompts of this size, so many of each model, no two alike in size.
_LARGEST_SAMPLE, _SAMPLES, _ALIKE = 16_384, 24, 64
_Key = tuple[str | None, str | None, int]


class _Seen(NamedTuple):
    """A call that replayed a request which looks different."""

    call: MeasuredCall
    played: Played


class Staleness:
    """Compares what was sent with what was recorded, test by test.

    Args:
        rules: What may differ.
        fault: Takes faults of ours.
    """

    def __init__(
        self,
        rules: ReplayRules,
        fault: Callable[[str, BaseException], None],
    ) -> None:
        self._rules = rules
        self._fault = fault
        self._seen: list[_Seen] = []
        self._sampled: dict[tuple[str, str], set[int]] = {}
        # By the hash of a request: the lines that changed. They stay in this process.
        self.texts: dict[str, tuple[str, ...]] = {}

    def look_at(self, call: MeasuredCall, played: Played | None, body: bytes) -> MeasuredCall:
        """Take note of a call; what changed in it is known when its test is settled.

        Args:
            call: As measured.
            played: What vcr knows of it; None if nothing was replayed.
            body: Of the request.
        """
        if self._rules.stale is Stale.IGNORE:
            return call
        try:
            call = self._sample(call, body)
            if played is not None and played.may_differ:
                self._seen.append(_Seen(call, played))
        except Exception as error:  # noqa: BLE001  # nothing may escape a hook
            self._fault("comparing a request with its recording", error)
        return call

    def settle(self, calls: list[MeasuredCall]) -> list[MeasuredCall]:
        """The calls, with what changed in those whose request is not the recorded one."""
        if not self._seen:
            return calls
        seen, self._seen = self._seen, []
        try:
            changed = self._changed(seen)
        except Exception as error:  # noqa: BLE001  # as above
            self._fault("comparing requests with their recordings", error)
            return calls
        return [changed.get(id(call), call) for call in calls] if changed else calls

    def _changed(self, seen: Sequence[_Seen]) -> dict[int, MeasuredCall]:
        # Test by test: what one was sent and recorded is let go of before the next one's is read.
        tests: dict[_Key, list[_Seen]] = {}
        for one in seen:
            origin = one.call.origin
            tests.setdefault((origin.nodeid, origin.fixture, origin.attempt), []).append(one)
        changed: dict[int, MeasuredCall] = {}
        for of_test in tests.values():
            changed |= self._changed_in(of_test)
        return changed

    def _changed_in(self, seen: Sequence[_Seen]) -> dict[int, MeasuredCall]:
        from pytest_llmcost.replay.compare import Unlike, stale_of, unlike

        unlikes: list[tuple[MeasuredCall, Unlike]] = []
        for call, played in seen:
            recorded, ignore = played.as_recorded(), self._rules.ignore
            sent = played.as_sent()
            found = unlike(sent, recorded, ignore)
            if found is not None:
                filtered = played.as_filtered()
                if filtered != sent:
                    found = None if filtered is None else unlike(filtered, recorded, ignore)
            if found is not None:
                unlikes.append((call, found))
        changed: dict[int, MeasuredCall] = {}
        if not unlikes:
            return changed
        for (call, _), stale in zip(unlikes, stale_of([found for _, found in unlikes]), strict=True):
            if stale is None:
                continue
            changed[id(call)] = call._replace(stale=True, drift=stale.drift)
            if self._rules.show_texts:
                from pytest_llmcost.replay.diff_text import diff_lines

                lines = tuple(diff_lines(stale.sent, stale.recorded))
                self.texts.setdefault(call.request.sha256, lines)
        return changed

    def _sample(self, call: MeasuredCall, body: bytes) -> MeasuredCall:
        """Count the prompts of a few calls: what the provider makes of them tells its slope."""
        if not body or len(body) > _LARGEST_SAMPLE or call.usage is None or call.incomplete:
            return call
        if call.source is Source.MOCKED:
            return call
        sizes = self._sampled.setdefault((call.provider, call.model.name), set())
        size = len(body) // _ALIKE
        if size in sizes or len(sizes) >= _SAMPLES:
            return call
        from pytest_llmcost.replay.prompt_size import about_tokens

        sizes.add(size)
        return call._replace(request=call.request._replace(about_tokens=about_tokens(body)))
