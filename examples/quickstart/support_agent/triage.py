"""Reads a customer's first message: which desk it belongs to, and a title for the ticket."""

import textwrap
from enum import StrEnum

from openai.types.chat import ChatCompletionMessageParam

from support_agent.clients import openai_client
from support_agent.policy import HANDBOOK
from support_agent.settings import MODEL


class Route(StrEnum):
    ORDER = "order"
    RETURN = "return"
    REPAIR = "repair"
    PAYMENT = "payment"
    PERSON = "person"


ROUTING_TASK = f"Sort the customer's message. Reply with one word only: {', '.join(Route)}."
ROUTING_EXAMPLES = {
    "When does my canoe arrive?": Route.ORDER,
    "Can I send this tent back?": Route.RETURN,
    "A pole of my tent snapped.": Route.REPAIR,
    "I need an invoice.": Route.PAYMENT,
    "Let me talk to a human.": Route.PERSON,
}
TITLE_TASK = "In one short phrase, what is the customer's problem?"
TITLE_WIDTH = 60


def choose_route(message: str) -> Route:
    completion = openai_client().chat.completions.create(
        model=MODEL, messages=routing_prompt(message), max_tokens=4, temperature=0
    )
    return parse_route(completion.choices[0].message.content or "")


def routing_prompt(message: str) -> list[ChatCompletionMessageParam]:
    system = f"{HANDBOOK}\n\n{ROUTING_TASK}"
    prompt: list[ChatCompletionMessageParam] = [{"role": "system", "content": system}]
    for example, route in ROUTING_EXAMPLES.items():
        prompt.append({"role": "user", "content": example})
        prompt.append({"role": "assistant", "content": route})
    prompt.append({"role": "user", "content": message})
    return prompt


def parse_route(reply: str) -> Route:
    """The route that a reply names. A person reads what the model could not place."""
    try:
        return Route(reply.strip().strip(".").lower())
    except ValueError:
        return Route.PERSON


def write_title(message: str) -> str:
    response = openai_client().responses.create(
        model=MODEL,
        instructions=HANDBOOK,
        input=f"Customer: {message}\n\n{TITLE_TASK}",
        max_output_tokens=24,
        temperature=0,
    )
    return textwrap.shorten(response.output_text or message, TITLE_WIDTH, placeholder="...")
