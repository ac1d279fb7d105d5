"""Suites that make vcr their own: serializers, persisters, matchers, stubs, patchers, leftovers in files."""

from __future__ import annotations

import pytest
import yaml

from pytest_llmcost.capture.vcr_versions import bypass_notice
from pytest_llmcost.commands.scan import scan

pytestmark = pytest.mark.skipif(
    bypass_notice("httpx2") is not None, reason="older vcrpy patches the clients elsewhere"
)


def played(run):
    """Of each call: where it came from, and which interaction of which file."""
    return [(call["source"], *(call["cassette"] or {}).values()) for call in run.calls]


def test_serializer_that_parses_bodies(project, loopback):
    """A serializer that writes JSON bodies as readable YAML, which no cassette reader knows."""
    project.write(
        "conftest.py",
        """
        import json

        import pytest
        import vcr
        import yaml

        class Readable:
            @staticmethod
            def serialize(found):
                for interaction in found["interactions"]:
                    for side in interaction.values():
                        body = side.pop("body", None)
                        text = body["string"] if isinstance(body, dict) else body
                        if text:
                            side["parsed_body"] = json.loads(text)
                return yaml.safe_dump(found)

            @staticmethod
            def deserialize(text):
                found = yaml.safe_load(text)
                for interaction in found["interactions"]:
                    asked, given = interaction["request"], interaction["response"]
                    asked["body"] = json.dumps(asked.pop("parsed_body", None))
                    given["body"] = {"string": json.dumps(given.pop("parsed_body"))}
                return found

        mine = vcr.VCR(serializer="readable", path_transformer=vcr.VCR.ensure_suffix(".yaml"))
        mine.register_serializer("readable", Readable)
        """,
    )
    project.write(
        "test_suite.py",
        """
        from ask import chat
        from conftest import mine

        def test_chat():
            with mine.use_cassette("readable"):
                assert chat()["total_tokens"] == 1234
        """,
    )
    assert played(project.run()) == [("recorded", "readable.yaml", 0)]
    loopback.forget()
    run = project.run()
    assert played(run) == [("replayed", "readable.yaml", 0)], run.output
    assert run.calls[0]["usage"]["input_tokens"] == 1200
    assert loopback.requests == 0
    kept = yaml.safe_load((project.folder / "readable.yaml").read_text())
    assert kept["interactions"][0]["response"]["parsed_body"]["usage"]["total_tokens"] == 1234


@pytest.mark.parametrize("name", ["kept.json", "kept"])
def test_json_serializer(project, loopback, name):
    """vcrpy's other serializer, under any name: replayed by it, and scanned by us, as the same calls."""
    project.write(
        "test_suite.py",
        f"""
        import vcr
        from ask import chat

        def test_chat():
            with vcr.use_cassette({name!r}, serializer="json", allow_playback_repeats=True):
                assert chat()["total_tokens"] == chat()["total_tokens"] == 1234
        """,
    )
    assert played(project.run()) == [("recorded", name, 0), ("replayed", name, 0)]
    loopback.forget()
    run = project.run()
    assert played(run) == [("replayed", name, 0)] * 2, run.output
    assert loopback.requests == 0
    (scanned,) = scan([str(project.folder)], {}).calls
    assert scanned.cassette.path == (project.folder / name).as_posix()
    assert scanned.usage.input_tokens == run.calls[0]["usage"]["input_tokens"] == 1200


def test_persister_that_writes_no_file(project):
    """Cassettes in memory, under names that are no paths."""
    project.write(
        "test_suite.py",
        """
        import vcr
        from ask import chat
        from vcr.persisters.filesystem import CassetteNotFoundError
        from vcr.serialize import deserialize, serialize

        class Shelf:
            kept = {}

            @classmethod
            def load_cassette(cls, path, serializer):
                if str(path) not in cls.kept:
                    raise CassetteNotFoundError
                return deserialize(cls.kept[str(path)], serializer)

            @classmethod
            def save_cassette(cls, path, found, serializer):
                cls.kept[str(path)] = serialize(found, serializer)

        mine = vcr.VCR(record_mode="once")
        mine.register_persister(Shelf)

        def test_recorded():
            with mine.use_cassette("the shelf: 1"):
                assert chat()

        def test_replayed():
            with mine.use_cassette("the shelf: 1", record_mode="none") as cassette:
                assert chat()
                assert cassette.all_played
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 2}, run.output
    assert played(run) == [("recorded", "the shelf: 1", 0), ("replayed", "the shelf: 1", 0)]


def test_matchers(project):
    """The matcher decides which interaction is played, and the report names that one."""
    project.write(
        "test_suite.py",
        """
        import json
        import vcr
        from ask import chat

        def same_last_word(one, other):
            words = [json.loads(each.body)["messages"][-1]["content"].split()[-1] for each in (one, other)]
            assert words[0] == words[1], "they ask for something else"

        mine = vcr.VCR(match_on=["method", "last_word"])
        mine.register_matcher("last_word", same_last_word)

        def test_recorded():
            with mine.use_cassette("words.yaml"):
                chat("tell me of cats"); chat("tell me of dogs")

        def test_replayed():
            with mine.use_cassette("words.yaml", record_mode="none"):
                chat("and now dogs"); chat("and now cats")
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 2}, run.output
    assert played(run)[2:] == [("replayed", "words.yaml", 1), ("replayed", "words.yaml", 0)]


def test_cassette_class_that_makes_its_answers(project):
    """What a cassette answers by itself is in no file: it is replayed, and no interaction is named."""
    project.write(
        "test_suite.py",
        """
        import copy
        import vcr
        from ask import chat
        from vcr.cassette import Cassette

        def test_chat(monkeypatch):
            with vcr.use_cassette("a.yaml"):
                chat()
            real = Cassette.play_response
            monkeypatch.setattr(Cassette, "play_response", lambda *args: copy.deepcopy(real(*args)))
            with vcr.use_cassette("a.yaml", record_mode="none"):
                assert chat()["total_tokens"] == 1234
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 1}, run.output
    assert [call["source"] for call in run.calls] == ["recorded", "replayed"]
    assert run.report["meta"]["complete"], run.output


def test_stubs_that_the_suite_replaced(project):
    """Suites mend vcr's stubs for themselves; they run as often as without us."""
    project.write(
        "test_suite.py",
        """
        import aiohttp
        import requests
        import vcr
        import vcr.stubs
        from ask import BODY, chat, url
        from vcr.stubs import aiohttp_stubs, httpx_stubs

        def counted(monkeypatch, owner, name):
            real, times = getattr(owner, name), []
            def stub(*args, **kwargs):
                times.append(name)
                return real(*args, **kwargs)
            monkeypatch.setattr(owner, name, stub)
            return times

        def test_httpx(monkeypatch):
            with vcr.use_cassette("httpx.yaml"):
                chat()
            times = counted(monkeypatch, httpx_stubs, "_deserialize_response")
            with vcr.use_cassette("httpx.yaml", record_mode="none"):
                chat()
            assert len(times) == 1

        def test_requests(monkeypatch):
            times = counted(monkeypatch, vcr.stubs.VCRConnection, "getresponse")
            for mode in ("once", "none"):
                with vcr.use_cassette("requests.yaml", record_mode=mode):
                    assert requests.post(url(), json=BODY).json()["usage"]
            assert len(times) == 2

        async def test_aiohttp(monkeypatch):
            times = counted(monkeypatch, aiohttp_stubs, "vcr_request")
            for mode in ("once", "none"):
                with vcr.use_cassette("aiohttp.yaml", record_mode=mode):
                    async with aiohttp.ClientSession() as session, session.post(url(), json=BODY) as response:
                        assert (await response.json())["usage"]
            assert len(times) == 2
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 3}, run.output
    assert [call["source"] for call in run.calls] == ["recorded", "replayed"] * 3
    assert run.report["meta"]["complete"], run.output


def test_patcher_that_the_suite_removed(project):
    """A library that vcr was told to leave alone goes to the network past the open cassette: a leak."""
    project.write(
        "test_suite.py",
        """
        import aiohttp
        import vcr
        from ask import BODY, chat, url
        from vcr.patch import CassettePatcherBuilder

        async def ask():
            async with aiohttp.ClientSession() as session, session.post(url(), json=BODY) as response:
                assert (await response.json())["usage"]

        async def test_removed(monkeypatch):
            monkeypatch.setattr(CassettePatcherBuilder, "_aiohttp", lambda self: ())
            with vcr.use_cassette("a.yaml", record_mode="none"):
                await ask()

        async def test_skipped():
            with vcr.use_cassette("b.yaml", record_mode="none", skip_patchers=["aiohttp"]):
                await ask()

        def test_others_replay():
            with vcr.use_cassette("c.yaml"):
                chat()
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 3}, run.output
    assert [(call["source"], call["leak"]) for call in run.calls] == [
        ("live", True),
        ("live", True),
        ("recorded", False),
    ]


def test_leftovers_in_a_file(project):
    """Only what was played counts, not what earlier recordings left in the file."""
    project.write(
        "test_suite.py",
        """
        import vcr
        from ask import chat

        def test_three_times():
            with vcr.use_cassette("a.yaml", match_on=["uri", "body"], record_mode="new_episodes"):
                chat("first"); chat("second"); chat("third")

        def test_today():
            with vcr.use_cassette("a.yaml", match_on=["uri", "body"], record_mode="none"):
                chat("third")
        """,
    )
    assert project.run("-k", "three").outcomes["passed"] == 1
    run = project.run("-k", "today")
    assert played(run) == [("replayed", "a.yaml", 2)], run.output
    assert run.report["totals"]["calls"] == 1
    assert run.report["observed"]["interactions"] == 3
