"""The house stands as ARCHITECTURE.md draws it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_llmcost

PACKAGE = Path(pytest_llmcost.__file__).parent
# From the top down: a room may import rooms further down, and itself.
FLOORS = (
    {"plugin"},
    {"registration"},
    {"session"},
    {"reporter", "cli"},
    {"commands"},
    {"gate"},
    {"recovery", "baseline_source", "merging"},
    {"outputs"},
    {"assembly", "files", "integrations"},
    {
        *("collected", "settings", "wire", "project", "journal", "outcomes"),
        *("hooks", "hookspecs", "junit_xml"),
    },
    {"spending"},
    {"capture"},
    {"reports"},
    {"attribution", "baseline", "budgets", "config"},
    {"replay"},
    {"usage", "pricing"},
    {"model"},
    {"errors", "imports", "file_locks"},
)
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
PURE = ("model", "usage", "pricing", "reports", "attribution", "config", "baseline", "budgets")
IMPURE_MODULES = {
    "pytest",
    "_pytest",
    "time",
    "socket",
    "subprocess",
    "threading",
    "random",
    "httpx",
    "httpx2",
}
# The one place that names agent runs, and the one that reads a file.
ALLOWED = {
    ("attribution/agents.py", "os"),
    ("attribution/markers.py", "pytest"),
    ("config/load.py", "pathlib"),
}
HEAVY = ("genai_prices", "yaml", "tabulate", "vcr", "httpx", "httpx2", "openai", "anthropic", "pydantic")


def imports_of(path):
    """(module, whether only for types, whether inside a function) of every import of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.dump(branch.test)
        for node in ast.walk(branch)
    }
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, id(node) in typing_only, id(node) in top
        elif isinstance(node, ast.ImportFrom):
            yield node.module, id(node) in typing_only, id(node) in top


def files():
    return sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def room_of(module):
    return module.split(".")[1] if module.startswith("pytest_llmcost.") else None


@pytest.mark.parametrize("path", files(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_downwards(path):
    """No room imports from a room above it, or beside it."""
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for module, _, _ in imports_of(path):
        other = room_of(module)
        if other is not None and other != room:
            assert FLOOR_OF[other] > FLOOR_OF[room], f"{room} imports {module}"


@pytest.mark.parametrize("room", PURE)
def test_rooms_that_decide_or_render_have_no_effects(room):
    """They import neither pytest nor clocks, processes or networks: what they need is an argument."""
    for path in (PACKAGE / room).glob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        for module, typing_only, _ in imports_of(path):
            root = module.split(".")[0]
            if typing_only or (name, root) in ALLOWED:
                continue
            assert root not in IMPURE_MODULES | {"os", "pathlib"}, f"{name} imports {module}"


def test_nothing_heavy_is_imported_at_the_top_of_a_file():
    """Price tables, YAML, tables and every HTTP library wait until they are needed."""
    for path in files():
        for module, typing_only, top in imports_of(path):
            if top and not typing_only:
                assert module.split(".")[0] not in HEAVY, f"{path}: {module}"


def test_files_have_one_job():
    """No file of the package is longer than 350 lines."""
    for path in files():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 350, path


def loaded(code, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
    )
    return done.stdout.split()


def test_when_off_pytest_loads_three_modules_of_ours(tmp_path):
    """Without --llm-cost the plugin is its entry point and the hooks' names, and loads no library."""
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    code = (
        "import sys, pytest\n"
        "pytest.main(['-q', '-p', 'no:cacheprovider', '-p', 'no:randomly', sys.argv[1]], plugins=[])\n"
        "print(*[name for name in sys.modules if name.startswith('pytest_llmcost')])\n"
        "print(*['heavy:' + name for name in ('genai_prices', 'yaml', 'tabulate') if name in sys.modules])\n"
    )
    names = loaded(code, str(tmp_path))
    assert sorted(name for name in names if name.startswith("pytest_llmcost")) == [
        "pytest_llmcost",
        "pytest_llmcost.hookspecs",
        "pytest_llmcost.plugin",
    ]
    assert not [name for name in names if name.startswith("heavy:") and name != "heavy:yaml"]


def test_when_on_no_http_library_is_imported_and_no_price_table_without_a_call(tmp_path):
    """The plugin watches imports and makes none: alias_httpx() and friends come first."""
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    code = (
        "import sys, pytest\n"
        "pytest.main(['-q', '--llm-cost', '-p', 'no:cacheprovider', '-p', 'no:httpx', '-p', 'no:respx',"
        " '-p', 'no:pytest_httpx', '-p', 'no:recording', sys.argv[1]])\n"
        "print(*['loaded:' + name for name in ('httpx', 'httpx2', 'requests', 'aiohttp', 'urllib3', 'vcr',"
        " 'genai_prices', 'openai') if name in sys.modules])\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    names = loaded(code, str(tmp_path))
    plain = loaded(code.replace("'--llm-cost', ", ""), str(tmp_path))
    assert {name for name in names if name.startswith("loaded:")} == {
        name for name in plain if name.startswith("loaded:")
    }


def test_when_on_our_modules_are_loaded_by_python_itself(tmp_path):
    """pytest's rewriting of asserts is slow, and cannot keep what it compiled where nothing may be written."""
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    ours = [module for name, module in sys.modules.items() if name.startswith('pytest_llmcost.')]\n"
        "    found = {type(module.__loader__).__name__ for module in ours if module.__name__ not in EARLY}\n"
        "    assert found == {'SourceFileLoader'}\n"
        "EARLY = ('pytest_llmcost.plugin', 'pytest_llmcost.hookspecs', 'pytest_llmcost.imports')\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    code = (
        "import sys, pytest\n"
        "print(int(pytest.main(['-q', '--llm-cost', '-p', 'no:cacheprovider', sys.argv[1]])))\n"
        "print(*['left:' + repr(f) for f in sys.meta_path if 'llmcost' in type(f).__module__])\n"
    )
    words = loaded(code, str(tmp_path))
    assert "0" in words
    assert not [word for word in words if word.startswith("left:")]


def test_the_command_line_loads_neither_pytest_nor_an_http_library(tmp_path):
    """`llmcost scan` of a folder without calls needs only YAML."""
    code = (
        "import sys\nfrom pytest_llmcost.cli import main\nmain(['scan', sys.argv[1]])\n"
        "print(*['loaded:' + name for name in ('pytest', 'httpx', 'httpx2', 'vcr', 'genai_prices') if name in sys.modules])\n"
    )
    assert not [name for name in loaded(code, str(tmp_path)) if name.startswith("loaded:")]


def test_the_installed_package_is_what_is_tested():
    """Where CI says so, the tests run against the built wheel and not against the checkout."""
    expected = os.environ.get("LLMCOST_EXPECT_PREFIX")
    if expected is None:
        pytest.skip("LLMCOST_EXPECT_PREFIX is not set: any installation will do")
    assert PACKAGE.resolve().is_relative_to(Path(expected).resolve())


def test_the_schema_is_part_of_the_package():
    """Editors find it beside the code that reads llmcost.yaml, also in the wheel."""
    found = json.loads((PACKAGE / "llmcost.schema.json").read_text(encoding="utf-8"))
    assert found["title"] == "llmcost.yaml"
