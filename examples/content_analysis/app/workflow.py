"""The whole way of an article."""

from dataclasses import dataclass, field

from langfuse import observe

from app.agents import Agents


@dataclass(frozen=True, slots=True)
class Analysis:
    security: str
    technology: str
    synthesis: str


@dataclass(slots=True)
class ContentAnalysis:
    """Analyses articles, one after the other. What it has answered before it takes from its caches."""

    agents: Agents = field(default_factory=Agents)

    @observe(as_type="agent", name="content_analysis")
    def analyse(self, article: str) -> Analysis:
        security = self.agents.security(article)
        technology = self.agents.technology(article)
        return Analysis(security, technology, self.agents.synthesis(security, technology))
