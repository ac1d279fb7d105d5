"""What customer and agent have said to each other."""

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["user", "assistant"]
SPEAKERS: dict[Role, str] = {"user": "Customer", "assistant": "Agent"}


@dataclass(frozen=True, slots=True)
class Turn:
    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A text by a model; it is not complete if the token limit cut it off."""

    text: str
    complete: bool


@dataclass(slots=True)
class Conversation:
    turns: list[Turn] = field(default_factory=list)

    def add(self, role: Role, text: str) -> None:
        self.turns.append(Turn(role, text))

    def transcript(self) -> str:
        return "\n".join(f"{SPEAKERS[turn.role]}: {turn.text}" for turn in self.turns)
