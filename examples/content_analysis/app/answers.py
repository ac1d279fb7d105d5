"""Who answers a prompt: L1, else L2, else the model (L4). Langfuse is told which."""

from dataclasses import dataclass, field

from langfuse import get_client, observe

from app.caches import ExactCache, SemanticCache
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
        if (answer := self.exact.get(prompt)) is not None:
            trace_hit("L1")
            return answer
        if prompt.similar_will_do and (answer := self.semantic.get(prompt)) is not None:
            trace_hit("L2")
            self.exact.put(prompt, answer)
            return answer
        completion = complete(prompt)
        get_client().update_current_generation(
            model=MODEL,
            usage_details=completion.usage,
            metadata={"cache_hit": False, "cache_layer": "L4"},
        )
        self.exact.put(prompt, completion.text)
        self.semantic.put(prompt, completion.text)
        return completion.text


def trace_hit(layer: str) -> None:
    get_client().update_current_generation(metadata={"cache_hit": True, "cache_layer": layer})
