"""That a call was made because another model had failed."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class TriedModel(NamedTuple):
    """A model that was asked before, and did not answer.

    Attributes:
        provider: As of a call.
        model: The id that was asked for.
        statuses: HTTP statuses of the attempts; 0 where no response came.
    """

    provider: str
    model: str
    statuses: tuple[int, ...]

    @property
    def name(self) -> str:
        """Provider and model."""
        return f"{self.provider}/{self.model}"


class Fallback(NamedTuple):
    """What a call falls back from.

    Attributes:
        tried: The models that failed, the first that was asked first.
        after: Seconds from the first attempt until the call was sent; None where they were not live.
    """

    tried: tuple[TriedModel, ...]
    after: float | None


def fallback_to_json(fallback: Fallback) -> dict[str, Any]:
    """As report.json has it."""
    tried = [
        {"provider": one.provider, "model": one.model, "statuses": list(one.statuses)}
        for one in fallback.tried
    ]
    return {"tried": tried, "after": fallback.after}


def fallback_from_json(found: Mapping[str, Any]) -> Fallback:
    """Read what ``fallback_to_json`` wrote.

    Raises:
        KeyError, TypeError: If it is not of that form.
    """
    tried = [TriedModel(one["provider"], one["model"], tuple(one["statuses"])) for one in found["tried"]]
    return Fallback(tuple(tried), found["after"])
