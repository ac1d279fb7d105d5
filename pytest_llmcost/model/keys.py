"""The keys of a baseline: what a test, or what runs beside the tests, is called in it."""

from __future__ import annotations

from pytest_llmcost.model.call import Origin

OUTSIDE = "outside any test"
_FIXTURE = "fixture "


def key_of(origin: Origin, folder: str) -> str:
    """The key of the line that a call belongs to."""
    if origin.nodeid is not None:
        return test_key(origin.nodeid, folder)
    return beside_tests(origin.fixture)


def beside_tests(fixture: str | None) -> str:
    """What is no test's: that of a wider fixture, or of nothing in particular."""
    return f"{_FIXTURE}{fixture}" if fixture else OUTSIDE


def test_key(nodeid: str, folder: str) -> str:
    """The key of a test: its nodeid, with the file named from the baseline's folder.

    Args:
        nodeid: pytest's, with ``/`` on every platform.
        folder: Of the baseline, relative to the root; empty if it is the root itself.
    """
    if not folder:
        return nodeid
    inside = f"{folder}/"
    if nodeid.startswith(inside):
        return nodeid[len(inside) :]
    return "../" * (folder.count("/") + 1) + nodeid


def is_test(key: str) -> bool:
    """Whether a key is that of a test, and not of what runs beside the tests."""
    return key != OUTSIDE and not key.startswith(_FIXTURE)


def fixture_of(key: str) -> str:
    """The fixture of a line that is not a test's."""
    return key.removeprefix(_FIXTURE)


def is_of(key: str, nodeid: str) -> bool:
    """Whether a baseline's key, which may start from another folder, is that of a test."""
    return key == nodeid or nodeid.endswith(f"/{key}") or key.endswith(f"/{nodeid}")
