"""The caches in front of the model: L1 knows a prompt again to the letter, L2 a document that hardly differs."""

from collections import OrderedDict
from dataclasses import dataclass, field

from app.embedding import Vector, cosine, embed
from app.prompts import Prompt
from app.settings import CACHED_ANSWERS, SIMILAR


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer, and the key of the prompt that the model gave it to."""

    key: str
    answer: str


@dataclass(slots=True)
class ExactCache:
    """L1: the answers to the last prompts. The least recently used one goes first."""

    size: int = CACHED_ANSWERS
    _entries: OrderedDict[str, Entry] = field(default_factory=OrderedDict)

    def get(self, prompt: Prompt) -> Entry | None:
        key = prompt.key
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key]

    def put(self, prompt: Prompt, entry: Entry) -> None:
        self._entries[prompt.key] = entry
        if len(self._entries) > self.size:
            self._entries.popitem(last=False)


@dataclass(slots=True)
class SemanticCache:
    """L2: for each task, the answers about documents, and how alike a document has to be."""

    similar: float = SIMILAR
    _entries: dict[str, list[tuple[Vector, Entry]]] = field(default_factory=dict)

    def get(self, prompt: Prompt) -> Entry | None:
        vector, known = embed(prompt.document), self._entries.get(prompt.task, [])
        likest = max(known, key=lambda one: cosine(vector, one[0]), default=None)
        return likest[1] if likest is not None and cosine(vector, likest[0]) >= self.similar else None

    def put(self, prompt: Prompt, entry: Entry) -> None:
        self._entries.setdefault(prompt.task, []).append((embed(prompt.document), entry))
