"""Responses that are made in the background are billed once, however often they are asked for."""

from collections.abc import Iterator
from typing import Generic, NamedTuple, TypeVar

from pytest_llmcost.model.call import Api, ModelIds
from pytest_llmcost.usage.reading import NO_USAGE_STATED, NotACall, Reading

NEVER_FETCHED = "the background response was started and never fetched to its end"

Attached = TypeVar("Attached")


class Settled(NamedTuple, Generic[Attached]):
    """A reading that is a call, with whatever its exchange carried."""

    reading: Reading
    attached: Attached


class BackgroundCalls(Generic[Attached]):
    """Pairs the request that starts a background response with the poll that completes it.

    A GET of a stored response states its full usage again, so it is a call only if it completes a response
    that was started in the same run and not counted yet.
    """

    def __init__(self) -> None:
        self._started: dict[str, Settled[Attached]] = {}
        self._replaced: list[Settled[Attached]] = []

    def settle(self, reading: Reading, attached: Attached) -> Settled[Attached] | NotACall | None:
        """Decide about the next reading.

        Returns:
            The call; why it is none; or None for the start of a background response.
        """
        response_id = reading.stated.response_id
        start = self._started.get(response_id or "")
        # A run of an assistant goes on with another POST, of the results of its tools. A response does not:
        # tests that share a cassette start the same one again.
        goes_on = start is not None and reading.api is not Api.OPENAI_RESPONSES
        if reading.is_poll or goes_on:
            if start is None:
                return NotACall.POLL
            requested = start.reading.model.requested
            model = ModelIds(requested, reading.model.billed or start.reading.model.billed)
            done = reading._replace(model=model, request_parts=start.reading.request_parts)
            if reading.stated.usage is None:
                if reading.stated.incomplete == NO_USAGE_STATED and not reading.stated.pending:
                    # It has failed or was cancelled: unless a later poll says more, this is its end.
                    self._started[response_id or ""] = Settled(done, attached)
                return NotACall.POLL
            del self._started[response_id or ""]
            return Settled(done, attached)
        if reading.stated.pending and response_id:
            if start is not None:
                self._replaced.append(start)
            self._started[response_id] = Settled(reading, attached)
            return None
        return Settled(reading, attached)

    def unfinished(self) -> Iterator[Settled[Attached]]:
        """The responses that ended without usage or were never seen to end; nobody knows what they cost."""
        left = [*self._replaced, *self._started.values()]
        self._replaced, self._started = [], {}
        for start in left:
            stated = start.reading.stated
            if stated.pending:
                stated = stated._replace(incomplete=NEVER_FETCHED)
            yield start._replace(reading=start.reading._replace(stated=stated))
