"""A support desk: one prompt, one question, one short answer."""

import os

import openai

URL = os.environ.get("DESK_URL", "http://127.0.0.1:8099/v1")
MODEL = "smollm2-135m-instruct"
SYSTEM = """You are the support desk of Hearth & Home, a shop for furniture and lamps.
Answer the customer in one sentence. Be friendly, and use plain English.

Rules:
1. Orders can be returned within 30 days if they are unused and in the original box.
2. Lamps have a guarantee of two years, furniture of five years.
3. Delivery takes three to five working days, and is free from 50 euros.
4. Refunds go to the card that was used for the order, within ten working days.
5. Never promise a date on which something will be in stock again.
6. If a customer is angry, apologise once and offer to call back.
7. Questions about invoices go to billing@hearth.example.
"""
QUESTIONS = (
    "My lamp flickers since yesterday. I bought it in March. What can I do?",
    "Where is my order 4711? I have been waiting for eight days now.",
    "Can I return a sofa that I have used for a week?",
    "I was charged twice for the same chair, please give me my money back.",
    "Is the oak table going to be in stock before Christmas?",
    "Do you deliver to the third floor, and what does it cost?",
    "The invoice for order 1234 has a wrong address on it.",
    "This is the third broken shelf in a row. I am really angry!",
    "How do I change the bulb of the lamp Aurora 2?",
    "Can I pay with a gift card and a credit card together?",
)


def prompt(number):
    """The messages for one question."""
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": QUESTIONS[number % len(QUESTIONS)]},
    ]


def answer(messages):
    """Ask the model."""
    client = openai.OpenAI(base_url=URL, api_key="none", max_retries=0)
    made = client.chat.completions.create(model=MODEL, messages=messages, max_tokens=8, temperature=0)
    return made.choices[0].message.content
