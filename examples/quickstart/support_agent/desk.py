"""The whole way of a customer's message: triage, then an answer or a colleague."""

from dataclasses import dataclass

from support_agent.answer import answer
from support_agent.conversation import Conversation
from support_agent.escalation import stream_advice, write_note
from support_agent.triage import Route, choose_route

COLLEAGUE_TAKES_OVER = "A colleague answers you within one working day."


@dataclass(frozen=True, slots=True)
class Case:
    """What the customer gets to read and, if a colleague takes over, what the colleague gets to read."""

    route: Route
    reply: str
    handover: str | None = None


def handle(message: str) -> Case:
    route = choose_route(message)
    conversation = Conversation()
    if route is not Route.PERSON:
        return Case(route, answer(conversation, message).text)
    conversation.add("user", message)
    note = write_note(conversation)
    advice = "".join(stream_advice(conversation))
    return Case(route, COLLEAGUE_TAKES_OVER, f"{note.text}\n{advice}")
