"""Every test replays its own recording."""

from pathlib import Path

import pytest
import vcr


@pytest.fixture(autouse=True)
def _recording(request):
    path = Path(__file__).parent / "cassettes" / f"{request.node.name}.yaml"
    with vcr.use_cassette(path, record_mode="none"):
        yield
