"""Who answers a prompt: L1, else L2, else the model (L4). Langfuse is told which."""

from dataclasses import dataclass, field

from langfuse import get_client, observe

from app.caches import Entry, ExactCache, SemanticCache
from app.model import complete
from app.prompts import Prompt
from app.settings import MODEL


@dataclass(slots=True)
class Answers:
    """The model behind its two caches."""

    exact: ExactCache = field(default_factory=ExactCache)
    semantic: SemanticCache = field(default_factory=SemanticCache)

    @observe(as_type="generation", name="answer")
    def to(self, prompt: Prompt) -> str:
        if (entry := self.exact.get(prompt)) is not None:
            trace_layer("L1", entry, hit=True)
        elif prompt.similar_will_do and (entry := self.semantic.get(prompt)) is not None:
            trace_layer("L2", entry, hit=True)
            self.exact.put(prompt, entry)
        else:
            entry = self.ask_model(prompt)
            trace_layer("L4", entry, hit=False)
            self.semantic.put(prompt, entry)
        return entry.answer

    def ask_model(self, prompt: Prompt) -> Entry:
        completion = complete(prompt)
        get_client().update_current_generation(model=MODEL, usage_details=completion.usage)
        return Entry(prompt.key, completion.text)


def trace_layer(layer: str, entry: Entry, *, hit: bool) -> None:
    """What a dashboard needs for the hit rates of the caches, and for what they save."""
    get_client().update_current_generation(
        metadata={"cache_hit": hit, "cache_layer": layer, "cache_key": entry.key}
    )
