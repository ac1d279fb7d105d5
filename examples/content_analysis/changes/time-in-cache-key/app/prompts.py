"""What is asked: a document, and a task about it."""

import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question to the model.

    An answer to a similar document will do only where `similar_will_do` says so.
    """

    document: str
    task: str
    similar_will_do: bool = False
    asked_at: float = field(default_factory=time.time)
