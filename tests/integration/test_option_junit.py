"""--llm-cost-report=junit: costs in pytest's own XML."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from ways import PRICES

SUITE = """
    import os
    import pytest
    from ask import chat

    def test_one(request):
        request.node.user_properties.append(("mine", "kept"))
        chat()
        chat()

    def test_unknown():
        from ask import http, url
        http().post(url(), json={"model": "gpt-4o-mini", "messages": []}, headers={})

    def test_offline():
        pass

    @pytest.fixture
    def late():
        yield
        chat()

    def test_late(late):
        assert "FAIL" not in os.environ

    seen = []

    def test_again():
        chat()
        seen.append(1)
        if "AGAIN" in os.environ:
            assert len(seen) > 1
"""
COST = {
    "llm_calls": "2",
    "llm_input_tokens": "2400",
    "llm_output_tokens": "68",
    "llm_cache_hit_rate": "0.833333",
    "llm_cost_source": "live",
    "llm_cost_usd": "0.000872",
}


@pytest.fixture
def shop(project):
    project.write("test_shop.py", SUITE)
    project.write("llmcost.yaml", PRICES)
    return project


def properties(project, name=None):
    """Of a test case, or of the suite."""
    root = ET.parse(project.folder / "junit.xml").getroot()
    # A test that ran again has an element for each attempt.
    nodes = root.findall(f".//testcase[@name='{name}']" if name else "./testsuite")
    found = [(one.get("name"), one.get("value")) for one in nodes[-1].findall("./properties/property")]
    assert len(dict(found)) == len(found), "each name once"
    return dict(found)


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_properties_of_tests_and_of_the_suite(shop, options):
    """Those of the user stay; a test without a call has none; a call at tear-down counts."""
    run = shop.run("--llm-cost-report=junit", "--junitxml=junit.xml", *options, plugins=("xdist",))
    assert run.code == 0, run.output
    assert properties(shop, "test_one") == {"mine": "kept", **COST}
    assert properties(shop, "test_offline") == {}
    assert properties(shop, "test_late")["llm_calls"] == "1"
    suite = properties(shop)
    assert suite["llm_calls"] == "5"
    assert suite["llm_cost_usd"] == "0.00218"
    assert suite["llm_cost_verdict"] == "pass"
    cases = ET.parse(shop.folder / "junit.xml").getroot().findall(".//testcase")
    assert len(cases) == 5


def test_a_test_that_ran_again_has_its_last_cost(shop):
    """Once, and not that of all attempts."""
    shop.run(
        "--llm-cost-report=junit", "--junitxml=junit.xml", "--reruns=1", plugins=("rerunfailures",), AGAIN="1"
    )
    assert properties(shop, "test_again")["llm_calls"] == "1"


def test_a_test_that_failed_has_its_cost(shop):
    """Also where its tear-down makes one more call."""
    run = shop.run("--llm-cost-report=junit", "--junitxml=junit.xml", FAIL="1")
    assert run.code == 1
    assert properties(shop, "test_late")["llm_calls"] == "1"


def test_a_cost_that_is_not_known_is_no_zero(shop):
    """It is no number either."""
    (shop.folder / "llmcost.yaml").unlink()
    shop.run("--llm-cost-report=junit", "--junitxml=junit.xml")
    assert properties(shop, "test_one")["llm_cost_usd"] == "unknown"
    assert properties(shop)["llm_cost_usd"] == "unknown"


def test_only_where_it_is_asked_for(shop):
    """Without the option the XML is pytest's own, and without the XML the option changes nothing."""
    shop.run("--junitxml=junit.xml")
    assert properties(shop, "test_one") == {"mine": "kept"}
    assert properties(shop) == {}
    run = shop.run("--llm-cost-report=junit")
    assert (run.code, "Traceback" in run.output) == (0, False)


def test_it_writes_no_file_of_its_own(shop):
    """A path belongs to --junitxml."""
    run = shop.run("--llm-cost-report=junit:cost.xml")
    assert run.code == 4
    assert "--llm-cost-report=junit:cost.xml: junit writes no file; leave out the path" in run.output
