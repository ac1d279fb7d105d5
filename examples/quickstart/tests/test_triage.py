import pytest

from support_agent.triage import TITLE_WIDTH, Route, choose_route, parse_route, write_title


@pytest.mark.vcr
@pytest.mark.parametrize(
    "message",
    [
        pytest.param("My parcel should have been here last week.", id="late-parcel"),
        pytest.param("The zip of my tent broke on the first night.", id="broken-zip"),
        pytest.param("My invoice is wrong.", id="wrong-invoice"),
    ],
)
def test_message_gets_a_route(message: str) -> None:
    assert choose_route(message) in Route


@pytest.mark.parametrize(
    ("reply", "route"),
    [
        pytest.param("Repair.", Route.REPAIR, id="one-word"),
        pytest.param("I am sorry, but I cannot help.", Route.PERSON, id="no-label"),
        pytest.param("", Route.PERSON, id="empty"),
    ],
)
def test_unclear_reply_means_a_person(reply: str, route: Route) -> None:
    assert parse_route(reply) is route


@pytest.mark.vcr
def test_title_is_one_short_line() -> None:
    title = write_title("I ordered a blue canoe three weeks ago.\n\nWhere is it?")

    assert title
    assert "\n" not in title
    assert len(title) <= TITLE_WIDTH
