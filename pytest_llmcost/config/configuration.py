"""What llmcost.yaml says, as values. A run without that file needs no more of this room than this."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pytest_llmcost.pricing.rules import PricingRules
from pytest_llmcost.replay.rules import ReplayRules

if TYPE_CHECKING:
    from pytest_llmcost.model.agent_rule import AgentRule
    from pytest_llmcost.model.budget import Budget
    from pytest_llmcost.model.projection import Volume

DEFAULT_NAME = "llmcost.yaml"


class Configuration(NamedTuple):
    """What llmcost.yaml says, or the defaults without one.

    Attributes:
        path: The file as users name it; None without one.
        sha256: Of the file's bytes; None without one.
        pricing: The ``pricing:`` section.
        hosts: ``host`` or ``host:port`` to provider.
        include_mocked: Whether mocked calls count.
        budgets: The ``budgets:`` section, in its order.
        replay: The ``replay:`` section.
        projection: The ``projection:`` section, in its order.
        agents: The ``agents:`` section, in its order.
    """

    path: str | None = None
    sha256: str | None = None
    pricing: PricingRules = PricingRules()
    hosts: Mapping[str, str] = MappingProxyType({})
    include_mocked: bool = False
    budgets: tuple["Budget", ...] = ()
    replay: ReplayRules = ReplayRules()
    projection: tuple["Volume", ...] = ()
    agents: tuple["AgentRule", ...] = ()
