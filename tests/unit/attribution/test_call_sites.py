"""Which line of the user's project a call comes from."""

from __future__ import annotations

import pytest

from pytest_llmcost.attribution.call_sites import CallSites, call_site


def called_from(name, line, sites, below=None):
    """Ask for the call site from inside code that says it is a file's line."""
    code = compile("\n" * (line - 1) + "found = below() if below else call_site(sites.spot())", name, "exec")
    names = {"call_site": call_site, "sites": sites, "below": below}
    exec(code, names)
    return names["found"]


def through(*frames, sites):
    """Ask through a stack of (file, line), outermost first."""
    first, *rest = frames
    if not rest:
        return called_from(*first, sites)
    return called_from(*first, sites, lambda: through(*rest, sites=sites))


@pytest.mark.parametrize(
    ("frames", "site"),
    [
        ([("/p/app/main.py", 7)], ("app/main.py", 7)),
        (
            [("/p/tests/test_a.py", 3), ("/p/app/main.py", 7), ("/lib/openai/_client.py", 99)],
            ("app/main.py", 7),
        ),
        ([("/p/app/a.py", 1), ("/p/.venv/lib/python3.11/site-packages/openai/x.py", 5)], ("app/a.py", 1)),
        ([("/p/app/a.py", 1), ("/p/env/lib/python3.11/json/__init__.py", 5)], ("app/a.py", 1)),
        ([("/p/app/a.py", 1), ("/p/vendor/dist-packages/sdk.py", 5)], ("app/a.py", 1)),
        ([("/linked/app/a.py", 4)], ("app/a.py", 4)),
        ([("/project/app/a.py", 4)], None),
        ([("<string>", 1)], None),
    ],
)
def test_innermost_frame_of_the_project(frames, site):
    """Installed packages, also those of an environment inside the project, are somebody else's code."""
    sites = CallSites("/p", also=("/linked",), outside=("/p/env",))
    assert through(*frames, sites=sites) == site


def test_windows_names():
    """Files are named with slashes on every platform."""
    sites = CallSites("C:\\work\\p")
    assert called_from("C:\\work\\p\\app\\a.py", 2, sites) == ("app/a.py", 2)
