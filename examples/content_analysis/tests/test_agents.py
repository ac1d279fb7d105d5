import pytest

from app.agents import Agents
from articles import article

pytestmark = pytest.mark.vcr


@pytest.fixture
def agents() -> Agents:
    return Agents()


def test_security(agents: Agents) -> None:
    assert agents.security(article("wallet"))


def test_technology(agents: Agents) -> None:
    assert agents.technology(article("wallet"))


def test_synthesis(agents: Agents) -> None:
    assert agents.synthesis(
        "A critical weakness in HG-200 routers has a fix. Administrators have to install it.",
        "Firmware 4.2.1 for office routers can be installed today.",
    )
