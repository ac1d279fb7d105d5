import pytest

from support_agent.desk import handle
from support_agent.triage import Route


@pytest.mark.vcr
@pytest.mark.parametrize(
    "message",
    [
        pytest.param("A buckle on my rucksack is broken.", id="broken-buckle"),
        pytest.param("I want to speak to a person.", id="person"),
    ],
)
def test_colleague_takes_over_on_route_person_only(message: str) -> None:
    case = handle(message)

    assert case.reply
    assert (case.handover is not None) == (case.route is Route.PERSON)
