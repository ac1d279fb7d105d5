"""Import hooks and patches: put in without a trace, taken out without a trace."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from types import SimpleNamespace

import pytest

from pytest_llmcost.attribution.scope import CurrentScope
from pytest_llmcost.capture.install import Capture
from pytest_llmcost.capture.lazy import PostImportHooks
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """A module that nobody has imported yet; its name is returned."""
    name = "llmcost_watched_module"
    (tmp_path / f"{name}.py").write_text("VALUE = 1\nLOADER = type(__spec__.loader).__name__\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, name, raising=False)
    yield name
    sys.modules.pop(name, None)


@pytest.fixture
def hooked(watched):
    """Installs hooks for the module; returns a function that makes them, and removes them at the end."""
    made = []

    def install(callback):
        hooks = PostImportHooks({watched: callback})
        hooks.install()
        made.append(hooks)
        return hooks

    yield install
    for hooks in made:
        hooks.uninstall()


def test_module_that_is_loaded_already(hooked, watched):
    """The callback is called at once."""
    module = importlib.import_module(watched)
    seen = []
    hooked(seen.append)
    assert seen == [module]


def test_module_that_is_imported_later(hooked, watched):
    """The callback gets the executed module, at each new import, and none after the hooks are gone."""
    seen = []
    hooks = hooked(lambda module: seen.append(module.VALUE))
    assert seen == []
    importlib.import_module(watched)
    del sys.modules[watched]
    importlib.import_module(watched)
    assert seen == [1, 1]
    hooks.uninstall()
    del sys.modules[watched]
    importlib.import_module(watched)
    assert seen == [1, 1]


def test_module_keeps_its_own_loader(hooked, watched):
    """While it is executed and afterwards, the module sees the loader that it would have without us."""
    hooked(lambda module: None)
    module = importlib.import_module(watched)
    assert module.LOADER == "SourceFileLoader"
    assert type(module.__loader__) is type(module.__spec__.loader) is SourceFileLoader
    assert importlib.reload(module) is module


def test_spec_that_somebody_asks_for(hooked, watched):
    """A spec's loader answers as the real one does, and nothing is called back."""
    seen = []
    hooked(seen.append)
    spec = importlib.util.find_spec(watched)
    assert spec.loader.get_filename(watched) == spec.origin
    assert spec.loader.is_package(watched) is False
    assert "VALUE" in spec.loader.get_source(watched)
    assert seen == []


def test_lazy_loader(hooked, watched):
    """A module that is loaded lazily calls back when it is used."""
    seen = []
    hooked(seen.append)
    spec = importlib.util.find_spec(watched)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[watched] = module
    spec.loader.exec_module(module)
    assert seen == []
    assert module.VALUE == 1
    assert seen == [module]


def test_hooks_of_two_sessions(hooked, watched):
    """Sessions inside each other both hear of an import, in whatever order they end."""
    seen = []
    outer = hooked(lambda module: seen.append("outer"))
    inner = hooked(lambda module: seen.append("inner"))
    importlib.import_module(watched)
    assert sorted(seen) == ["inner", "outer"]
    outer.uninstall()
    del sys.modules[watched]
    importlib.import_module(watched)
    assert sorted(seen) == ["inner", "inner", "outer"]
    inner.uninstall()
    assert outer not in sys.meta_path and inner not in sys.meta_path


def test_module_that_does_not_exist(hooked):
    """A watched module that nobody installed is missing as ever."""
    hooks = PostImportHooks({"llmcost_no_such_module": lambda module: None})
    hooks.install()
    try:
        assert importlib.util.find_spec("llmcost_no_such_module") is None
        with pytest.raises(ModuleNotFoundError, match="No module named 'llmcost_no_such_module'"):
            importlib.import_module("llmcost_no_such_module")
    finally:
        hooks.uninstall()


class Target:
    def send(self):
        return "real"


@pytest.fixture
def target():
    return type("Copy", (), dict(vars(Target)))


def test_patch_is_undone(target):
    """The very same attribute stands there again."""
    before = vars(target)["send"]
    patches = Patches()
    patches.replace(target, "send", lambda real: lambda self: f"ours({real(self)})")
    assert target().send() == "ours(real)"
    patches.undo()
    assert vars(target)["send"] is before


def test_patch_is_made_once(target):
    """A second module that stands for the same class does not wrap it again."""
    patches = Patches()
    for _ in range(2):
        patches.replace(target, "send", lambda real: lambda self: f"ours({real(self)})")
    assert target().send() == "ours(real)"
    patches.undo()
    assert target().send() == "real"


def test_copied_marks_do_not_deceive(target):
    """Somebody's wrapper that copied our attributes is still wrapped by a later session."""
    first, second = Patches(), Patches()

    def ours(real):
        return functools.wraps(real)(lambda self: f"ours({real(self)})")

    first.replace(target, "send", ours)
    theirs = vars(target)["send"]
    target.send = functools.wraps(theirs)(lambda self: f"theirs({theirs(self)})")
    second.replace(target, "send", ours)
    assert target().send() == "ours(theirs(ours(real)))"


def test_what_somebody_wrapped_again_is_left_to_them(target):
    """Undoing never takes somebody else's wrapper away."""
    patches = Patches()
    patches.replace(target, "send", lambda real: lambda self: f"ours({real(self)})")
    ours = vars(target)["send"]
    target.send = lambda self: f"theirs({ours(self)})"
    patches.undo()
    assert target().send() == "theirs(ours(real))"


def test_inherited_and_missing_attributes_are_left_alone(target):
    """Only what the class has itself is replaced."""
    heir = type("Heir", (target,), {})
    patches = Patches()
    patches.replace(heir, "send", lambda real: None)
    patches.replace(heir, "receive", lambda real: None)
    assert heir().send() == "real"
    patches.undo()
    assert "send" not in vars(heir)


def test_capture_leaves_no_trace():
    """After a session, httpx and vcr are what they were, also when a wrapper of ours is still held."""
    import httpx
    import vcr.cassette

    owners = [httpx.Client, httpx.AsyncClient, vcr.cassette.Cassette, vcr.cassette.CassetteContextDecorator]
    before = [dict(vars(owner)) for owner in owners]
    log = ExchangeLog(CurrentScope())
    capture = Capture(log)
    capture.install()
    held = httpx.Client.send
    assert held is not before[0]["send"]
    capture.uninstall()
    assert [dict(vars(owner)) for owner in owners] == before
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    with httpx.Client(transport=transport) as client:
        assert held(client, client.build_request("POST", "http://a/v1/chat/completions")).status_code == 200
    assert list(log.drain(everything=True)) == []


def test_module_without_a_client_is_a_fault_and_no_crash(monkeypatch):
    """A stand-in that lacks what is patched is noted, and the session goes on."""
    monkeypatch.setitem(sys.modules, "httpx2", SimpleNamespace(__name__="httpx2"))
    log = ExchangeLog(CurrentScope())
    capture = Capture(log)
    capture.install()
    capture.uninstall()
    (fault,) = log.faults
    assert fault.startswith("hooking httpx2: AttributeError")


def test_session_inside_a_session(project):
    """A suite that runs pytest in its own process: both sessions count, and the outer goes on afterwards."""
    project.write("inner/test_inner.py", "from ask import chat\ndef test_inner(): chat('inner')\n")
    project.write(
        "test_suite.py",
        """
        import os
        import pytest
        from ask import chat

        def test_outer(monkeypatch):
            chat("before")
            monkeypatch.chdir("inner")
            assert pytest.main(["-p", "llmcost", "--llm-cost", "-p", "no:cacheprovider", "--rootdir=."]) == 0
            assert os.path.isfile(".llmcost/report.json")
            monkeypatch.undo()
            chat("after")
        """,
    )
    run = project.run("test_suite.py", plugins=[])
    assert run.outcomes["passed"] == 1, run.output
    assert len(run.of("test_outer")) == 3
    assert run.report["meta"]["complete"], run.output
