"""Every wire format has its readers, and they wait until they are needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.formats import wire_format
from pytest_llmcost.usage.wire_format import WireFormat


# Plugins read the one, and spans state the others.
_WITHOUT_READERS = {Api.CUSTOM, Api.SPAN_GENERATION, Api.SPAN_EMBEDDINGS}


@pytest.mark.parametrize("api", [api for api in Api if api not in _WITHOUT_READERS])
def test_every_format_is_read(api):
    """A member without readers would raise on its first answer."""
    assert isinstance(wire_format(api), WireFormat)


def test_what_generates():
    """Embeddings and rerank write no answer, so no prompt cache could serve them."""
    assert {api.value for api in Api if not api.generates} == {
        "openai.embeddings",
        "gemini.embed",
        "vertex.predict",
        "bedrock.embed",
        "bedrock.rerank",
        "cohere.embed",
        "cohere.rerank",
        "ollama.embed",
        "rerank",
        "voyage.multimodal_embeddings",
        "mistral.moderations",
        "span.embeddings",
    }


def test_only_the_format_that_is_spoken_is_imported():
    """A suite that only calls OpenAI pays for no other reader."""
    code = (
        "import sys\n"
        "from datetime import datetime, UTC\n"
        "from pytest_llmcost.usage.exchange import Exchange\n"
        "from pytest_llmcost.usage.read import read_exchange\n"
        "read_exchange(Exchange(method='POST', url='https://api.openai.com/v1/chat/completions', status=200,"
        " request_body=b'{}', body=b'{\"usage\": {}}', started_at=datetime.now(UTC)), {})\n"
        "print(*[name.rpartition('.')[2] for name in sys.modules if name.startswith('pytest_llmcost.usage.')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "openai_chat" in loaded
    assert not {
        name for name in loaded if name.startswith(("gemini", "bedrock", "cohere", "ollama", "anthropic"))
    }
