"""The section ``agents:`` of llmcost.yaml: what it may say, and the message for each mistake."""

from __future__ import annotations

import pytest

from pytest_llmcost.config.load import read_configuration
from pytest_llmcost.errors import ConfigError
from pytest_llmcost.model.agent_rule import AgentRule
from pytest_llmcost.model.call import Role

WHOLE = """\
version: 1
agents:
  - {name: researcher, call_site: "app/research/*.py"}
  - {name: "the writer: é", call_site: "app/desk.py::Writer.*"}
  - {name: 7, call_site: "app/w?.py", role: judge}
"""


def test_whole_section():
    """Rules in their order, each with its line."""
    assert read_configuration(WHOLE, "llmcost.yaml").agents == (
        AgentRule("researcher", "app/research/*.py", "llmcost.yaml:3"),
        AgentRule("the writer: é", "app/desk.py::Writer.*", "llmcost.yaml:4"),
        AgentRule("7", "app/w?.py", "llmcost.yaml:5", Role.JUDGE),
    )


@pytest.mark.parametrize("text", ["version: 1", "agents:", "agents: []"])
def test_no_rules(text):
    """No agent is named then."""
    assert read_configuration(text, "llmcost.yaml").agents == ()


EXAMPLE = '{name: researcher, call_site: "app/research/*.py"}'
# fmt: off
MISTAKES = [
    ("agents: {a: b}", f"1:9: agents takes a list of rules, such as - {EXAMPLE}; found a mapping"),
    ("agent: []", "1:1: unknown key 'agent' in the file; did you mean 'agents'?"),
    ("agents: [researcher]", f"1:10: agents[0] takes a rule, such as {EXAMPLE}; found 'researcher'"),
    ("agents: [{name: a}]", f"1:10: agents[0] has no call_site; write it as {EXAMPLE}"),
    ("agents: [{call_site: a}]", f"1:10: agents[0] has no name; write it as {EXAMPLE}"),
    ("agents: [{name: a, callsite: b}]", "1:20: unknown key 'callsite' in agents[0]; did you mean 'call_site'?"),
    ("agents: [{name: a, call_site: b, role: judges}]", "1:40: agents[0].role: unknown value 'judges'; did you mean 'judge'?"),
    ("agents: [{name: ' ', call_site: b}]", "1:17: agents[0].name is empty; write the name of an agent, such as researcher"),
    ("agents: [{name: a, call_site: }]", "1:30: agents[0].call_site takes files from the root, such as \"app/research/*.py\"; found nothing"),
    ("agents: [{name: a, call_site: ''}]", "1:31: agents[0].call_site is empty; write files from the root, such as \"app/research/*.py\""),
    ("agents: [{name: a, call_site: ./app/a.py}]", "1:31: agents[0].call_site takes files from the root, with slashes; found './app/a.py'; write 'app/a.py'"),
    ("agents: [{name: a, call_site: 'app\\a.py'}]", "1:31: agents[0].call_site takes files from the root, with slashes; found 'app\\\\a.py'; write 'app/a.py'"),
    ("agents: [{name: a, call_site: /home/me/app/a.py}]", "1:31: agents[0].call_site takes files from the root, with slashes; found '/home/me/app/a.py'"),
]
# fmt: on


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_mistakes(text, message):
    """What was found, what is allowed, and where."""
    with pytest.raises(ConfigError) as caught:
        read_configuration(text, "llmcost.yaml")
    assert str(caught.value) == f"llmcost.yaml:{message}"
