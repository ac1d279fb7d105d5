"""Fifty edits of a prompt, as people make them: each takes messages and gives the edited ones."""

import json

POLICY = """Return policy, in full. A customer may send back any item within thirty days of delivery, provided that
it is complete, undamaged and in its original packaging. Items made to measure, mattresses whose seal is broken, and
items from the clearance section cannot be returned. Return shipping is free for lamps and decoration; for furniture
the customer pays 29 euros, which are taken off the refund. Refunds are made to the means of payment that was used,
after the item has been checked in our warehouse, which takes up to five working days.
"""
JSON = json.dumps(
    {
        "answer": "string",
        "category": ["order", "return", "billing", "technical"],
        "urgent": False,
        "follow_up": None,
    },
    indent=2,
)
CODE = '''def refund(order):
    """Work out what goes back to the customer."""
    total = sum(item.price * item.quantity for item in order.items)
    if order.age_in_days > 30 and not order.damaged:
        raise NotReturnable(order.number)
    return round(total - (29 if order.has_furniture else 0), 2)
'''
TABLE = """| item | price | stock | delivery |
|---|---|---|---|
| Oak table 180x90 | 749.00 | 0 | - |
| Lamp Aurora 2 | 59.90 | 132 | 2026-12-01 |
| Shelf Birk, 5 boards | 119.50 | 17 | 2026-12-03 |
| Sofa Nord, grey | 1,299.00 | 4 | 2027-01-15 |
"""
GERMAN = "Wenn der Kunde auf Deutsch schreibt, antworte auf Deutsch, kurz und höflich, und duze ihn nicht."
JAPANESE = "お客様が日本語で書いた場合は、丁寧な日本語で短く答えてください。"
LOG = """2026-11-20 08:14:03 WARN  payment gateway timeout order=4711 attempt=1
2026-11-20 08:14:09 WARN  payment gateway timeout order=4711 attempt=2
2026-11-20 08:14:21 INFO  payment accepted order=4711 amount=129.90 EUR
"""
SHOTS = [
    ("When will my parcel come?", "Within three to five working days after your order."),
    ("The lamp is broken.", "I am sorry, please send us a photo and we will replace it."),
    ("I want my money back!", "I apologise, and will refund your card within ten working days."),
    ("Do you have a shop in Graz?", "We only sell online, but deliver to Graz for free from 50 euros."),
]


def system(change):
    """An edit of the system prompt."""

    def edit(messages):
        first, *rest = messages
        return [{**first, "content": change(first["content"])}, *rest]

    return edit


def question(change):
    """An edit of the question."""

    def edit(messages):
        *before, last = messages
        return [*before, {**last, "content": change(last["content"])}]

    return edit


def shots(number):
    """Examples between the system prompt and the question."""

    def edit(messages):
        pairs = [
            {"role": role, "content": text}
            for shot in SHOTS[:number]
            for role, text in zip(("user", "assistant"), shot, strict=True)
        ]
        return [messages[0], *pairs, *messages[1:]]

    return edit


def lines(keep):
    return lambda text: "".join(line for n, line in enumerate(text.splitlines(keepends=True)) if keep(n))


EDITS = {
    "one-word": system(lambda t: t.replace("friendly", "polite")),
    "one-sentence": system(lambda t: f"{t}8. Never mention competitors.\n"),
    "two-sentences": system(lambda t: f"{t}8. Sign with the name of the shop. Do not use emojis.\n"),
    "five-rules": system(lambda t: t + "".join(f"{n}. If unsure, say that a colleague will call back about point {n}.\n" for n in range(8, 13))),
    "ten-rules": system(lambda t: t + "".join(f"{n}. Products of the brand number {n} are sold by partners only.\n" for n in range(8, 18))),
    "policy-at-end": system(lambda t: f"{t}\n{POLICY}"),
    "policy-at-start": system(lambda t: f"{POLICY}\n{t}"),
    "policy-twice": system(lambda t: f"{POLICY}\n{t}\n{POLICY}"),
    "policy-four-times": system(lambda t: f"{t}\n{POLICY * 4}"),
    "json-answer": system(lambda t: f"{t}\nAnswer as JSON of this form:\n{JSON}"),
    "json-answer-compact": system(lambda t: f"{t}\nAnswer as JSON: {json.dumps(json.loads(JSON), separators=(',', ':'))}"),
    "code": system(lambda t: f"{t}\nThe refund is worked out like this:\n{CODE}"),
    "code-twice": system(lambda t: f"{t}\n{CODE}\n{CODE.replace('refund', 'credit')}"),
    "table": system(lambda t: f"{t}\nToday's stock:\n{TABLE}"),
    "table-and-json": system(lambda t: f"{t}\n{TABLE}\n{JSON}"),
    "german": system(lambda t: f"{t}8. {GERMAN}\n"),
    "japanese": system(lambda t: f"{t}8. {JAPANESE}\n"),
    "log": system(lambda t: f"{t}\nLast lines of the log:\n{LOG}"),
    "html": system(lambda t: f"{t}\nAnswer as HTML: <div class=\"answer\"><p>...</p><footer>Hearth &amp; Home</footer></div>"),
    "urls": system(lambda t: f"{t}8. Link https://hearth.example/help/returns?lang=en&ref=bot or https://hearth.example/contact.\n"),
    "capitals": system(lambda t: f"{t}IMPORTANT: NEVER EVER PROMISE A REFUND WITHOUT AN ORDER NUMBER.\n"),
    "think-first": system(lambda t: f"{t}\nThink step by step before you answer, but show the answer only."),
    "persona": system(lambda t: f"You are Ada, who has worked here for nine years and knows every lamp by heart. {t}"),
    "tone": system(lambda t: t.replace("Be friendly, and use plain English.", "Be warm and patient, write as you would speak to a neighbour, and avoid all jargon.")),
    "another-shop": system(lambda t: t.replace("Hearth & Home, a shop for furniture and lamps", "Volta, a shop for bicycles, spare parts and repairs")),
    "no-rules": system(lambda t: t.partition("\nRules:")[0]),
    "first-three-rules": system(lines(lambda n: n < 7)),
    "every-second-rule": system(lines(lambda n: n < 4 or n % 2)),
    "without-last-rule": system(lines(lambda n: n != 10)),
    "rules-as-one-line": system(lambda t: t.replace("\n", " ")),
    "bullets": system(lambda t: "\n".join(f"- {line[3:]}" if line[:1].isdigit() else line for line in t.splitlines())),
    "markdown": system(lambda t: t.replace("Rules:", "## Rules").replace("You are", "# Role\n\nYou are")),
    "indented": system(lambda t: "\n".join(f"    {line}" for line in t.splitlines())),
    "xml-tags": system(lambda t: f"<instructions>\n{t}</instructions>"),
    "shorter-rules": system(lambda t: t.replace(" if they are unused and in the original box", "").replace(", within ten working days", "")),
    "numbers-changed": system(lambda t: t.replace("30 days", "14 days").replace("50 euros", "75 euros")),
    "one-example": shots(1),
    "two-examples": shots(2),
    "four-examples": shots(4),
    "example-and-rule": lambda m: shots(1)(system(lambda t: f"{t}8. Follow the example.\n")(m)),
    "question-polite": question(lambda t: f"Hello, I hope you are well. {t} Thank you very much in advance!"),
    "question-context": question(lambda t: f"Customer since 2019, 14 orders, last order 2026-10-02.\n\n{t}"),
    "question-history": question(lambda t: f"Earlier messages:\n- I wrote on Monday.\n- Nobody answered.\n- I called twice.\n\nNow: {t}"),
    "question-log": question(lambda t: f"{LOG}\n{t}"),
    "question-short": question(lambda t: t.split(".")[0] + "?"),
    "question-german": question(lambda t: f"{t} Bitte antworten Sie mir auf Deutsch, mein Englisch ist nicht gut."),
    "question-thrice": question(lambda t: f"{t}\n{t}\n{t}"),
    "turns-before": lambda m: [m[0], {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello! How can I help you today?"}, *m[1:]],
    "system-gone": lambda m: m[1:],
    "all-at-once": lambda m: shots(2)(system(lambda t: f"{POLICY}\n{t}\n{TABLE}\n{JSON}")(question(lambda t: f"{t} Please hurry.")(m))),
}  # fmt: skip
