import json
from collections.abc import Iterator
from typing import Any

import pytest
from langfuse import Langfuse
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.workflow import ContentAnalysis


@pytest.fixture(scope="session", autouse=True)
def exporter() -> Iterator[InMemorySpanExporter]:
    """Langfuse as in production, except that its observations stay in this process."""
    exporter = InMemorySpanExporter()
    langfuse = Langfuse(public_key="pk-lf-tests", secret_key="sk-lf-tests", span_exporter=exporter)
    yield exporter
    langfuse.shutdown()


@pytest.fixture(scope="session")
def vcr_config(pytestconfig: pytest.Config) -> dict[str, Any]:
    return {
        "filter_headers": ["authorization", "x-api-key"],
        "match_on": ["method", "uri", "question"],
        # Tests go on when the app asks more often than it did. The gate says what that costs.
        "allow_playback_repeats": not pytestconfig.getoption("--record-mode"),
    }


def pytest_recording_configure(config: pytest.Config, vcr: Any) -> None:
    vcr.register_matcher("question", same_question)


def same_question(sent: Any, recorded: Any) -> None:
    """A request replays the answer to its question, also if the guidelines before it were edited since."""
    assert question(sent.body) == question(recorded.body)


def question(body: bytes | str) -> str:
    return "\n".join(part["text"] for part in json.loads(body)["messages"][-1]["content"])


@pytest.fixture
def analysis() -> ContentAnalysis:
    """Each test begins with empty caches."""
    return ContentAnalysis()
