"""What is asked: a document, and a task about it."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question to the model.

    An answer to a similar document will do only where `similar_will_do` says so.
    """

    document: str
    task: str
    similar_will_do: bool = False

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.task}\n{self.document}".encode()).hexdigest()
