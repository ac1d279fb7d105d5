"""The three agents. Two read the article; the third reads what they found."""

from dataclasses import dataclass, field

from langfuse import get_client, observe

from app.answers import Answers
from app.prompts import Prompt

SECURITY_TASK = "Which security risk does this article report, and who has to act?"
TECHNOLOGY_TASK = "Which technology is this article about, and can it be used today?"
SYNTHESIS_TASK = "Sum up these two findings about one article for a busy reader."


@dataclass(slots=True)
class Agents:
    """They share one model and its caches."""

    answers: Answers = field(default_factory=Answers)

    @observe(as_type="agent", name="security_agent")
    def security(self, article: str) -> str:
        trace_agent("security")
        return self.answers.to(Prompt(article, SECURITY_TASK, similar_will_do=True))

    @observe(as_type="agent", name="technology_agent")
    def technology(self, article: str) -> str:
        trace_agent("technology")
        return self.answers.to(Prompt(article, TECHNOLOGY_TASK, similar_will_do=True))

    @observe(as_type="agent", name="synthesis_agent")
    def synthesis(self, security: str, technology: str) -> str:
        """Findings may differ in one word that matters: similar ones will not do."""
        trace_agent("synthesis")
        return self.answers.to(Prompt(f"Security: {security}\nTechnology: {technology}", SYNTHESIS_TASK))


def trace_agent(name: str) -> None:
    get_client().update_current_span(metadata={"agent_type": name})
