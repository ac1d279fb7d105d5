"""The caches in front of the model: L1 knows a prompt again to the letter, L2 a document that hardly differs."""

from collections import OrderedDict
from dataclasses import dataclass, field

from app.embedding import Vector, cosine, embed
from app.prompts import Prompt
from app.settings import CACHED_ANSWERS, SIMILAR


@dataclass(slots=True)
class ExactCache:
    """L1: the answers of the last prompts. The least recently used one goes first."""

    size: int = CACHED_ANSWERS
    _answers: OrderedDict[Prompt, str] = field(default_factory=OrderedDict)

    def get(self, prompt: Prompt) -> str | None:
        answer = self._answers.get(prompt)
        if answer is not None:
            self._answers.move_to_end(prompt)
        return answer

    def put(self, prompt: Prompt, answer: str) -> None:
        self._answers[prompt] = answer
        self._answers.move_to_end(prompt)
        while len(self._answers) > self.size:
            self._answers.popitem(last=False)


@dataclass(slots=True)
class SemanticCache:
    """L2: for each task, the answers about documents, and how alike a document has to be."""

    similar: float = SIMILAR
    _answers: dict[str, list[tuple[Vector, str]]] = field(default_factory=dict)

    def get(self, prompt: Prompt) -> str | None:
        vector = embed(prompt.document)
        known = [(cosine(vector, other), answer) for other, answer in self._answers.get(prompt.task, [])]
        likeness, answer = max(known, default=(0.0, ""))
        return answer if known and likeness >= self.similar else None

    def put(self, prompt: Prompt, answer: str) -> None:
        self._answers.setdefault(prompt.task, []).append((embed(prompt.document), answer))
