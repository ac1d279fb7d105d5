"""The paths of ``replay: {ignore: [...]}``."""

from __future__ import annotations

import pytest

from pytest_llmcost.replay.json_paths import parse_path, without

REQUEST = {
    "user": "u1",
    "metadata": {"run": 1, "deep": {"user": "u2"}},
    "messages": [{"role": "user", "name": "n", "content": "hi"}, {"role": "user", "name": "m"}],
}


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("$.user", lambda r: r.pop("user")),
        ("$['user']", lambda r: r.pop("user")),
        ("$.metadata.*", lambda r: r["metadata"].clear()),
        ("$.metadata.deep.user", lambda r: r["metadata"]["deep"].clear()),
        ("$.messages[*].name", lambda r: [m.pop("name") for m in r["messages"]]),
        ("$.messages[1]", lambda r: r["messages"].pop()),
        ("$..user", lambda r: (r.pop("user"), r["metadata"]["deep"].clear())),
        ("$.absent.too", lambda r: None),
    ],
)
def test_a_path_takes_out_what_it_names(path, gone):
    """Only that, and the request itself stays as it is."""
    import copy

    expected = copy.deepcopy(REQUEST)
    gone(expected)
    before = copy.deepcopy(REQUEST)
    assert without(REQUEST, [parse_path(path)]) == expected
    assert before == REQUEST


@pytest.mark.parametrize("path", ["user", "", "$", "$.", "$user", "$.a[", "$.a[x]", "$.a b"])
def test_what_is_no_path_is_an_error(path):
    """The message says what is allowed."""
    with pytest.raises(ValueError, match=r"\$|steps are"):
        parse_path(path)
