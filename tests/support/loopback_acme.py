"""An in-house server with a format of its own, which only a plugin can read."""

from __future__ import annotations

from loopback_reply import ANSWER, CACHED, INPUT, OUTPUT, Ask, Reply, post


def _predict(_ask: Ask) -> Reply:
    counts = {"prompt": INPUT, "from_cache": CACHED, "completion": OUTPUT}
    return Reply({"engine": "house-2", "text": ANSWER, "billing": counts})


ROUTES = (post("/predict", _predict), post("/train", _predict))
