"""Cassettes, however they are opened: what was recorded and replayed, and where in its file it stands."""

from __future__ import annotations

import hashlib
import importlib.util

import pytest
import yaml

from pytest_llmcost.capture.vcr_versions import bypass_notice

needs_recording = pytest.mark.skipif(
    importlib.util.find_spec("pytest_recording") is None, reason="pytest-recording is not installed"
)
needs_pytest_vcr = pytest.mark.skipif(
    importlib.util.find_spec("pytest_vcr") is None, reason="pytest-vcr is not installed"
)
CHAT = """
    import vcr
    from ask import async_chat, chat, models
"""


def assert_each_call_points_at_its_interaction(project, run):
    """The interaction of the file at the reported place holds the request that was made."""
    for call in run.calls:
        if call["cassette"]["interaction"] is None:
            continue
        document = yaml.safe_load((project.folder / call["cassette"]["path"]).read_text())
        request = document["interactions"][call["cassette"]["interaction"]]["request"]
        assert request["uri"].endswith("/chat/completions")
        assert hashlib.sha256(request["body"].encode()).hexdigest() == call["request"]["sha256"]


def sources(run):
    return [(call["source"], call["cassette"] and call["cassette"]["interaction"]) for call in run.calls]


@pytest.mark.parametrize("early", [True, False], ids=["vcr-imported-first", "plugin-active-first"])
def test_order_of_imports_does_not_matter(project, early):
    """vcr and the HTTP clients may be imported before the plugin is active, or after it."""
    project.write("early.py", "import httpx, httpx2, vcr.cassette")
    project.write(
        "test_suite.py",
        """
        import sys
        first = "vcr" in sys.modules

        def test_replay():
            import vcr
            from ask import chat
            with vcr.use_cassette("a.yaml"):
                assert chat()["total_tokens"] == 1234
            assert first == EARLY
        """.replace("EARLY", str(early)),
    )
    options = ["-p", "early"] if early else []
    assert sources(project.run(*options)) == [("recorded", 0)]
    assert sources(project.run(*options)) == [("replayed", 0)]


@needs_recording
def test_pytest_recording(project, loopback):
    """With pytest-recording: recorded, then replayed, also with the network blocked and two extra files."""
    project.write(
        "test_suite.py",
        """
        import pytest
        from ask import async_chat, chat, models

        @pytest.fixture(scope="module")
        def vcr_config():
            return {"filter_headers": ["authorization"], "decode_compressed_response": True}

        @pytest.mark.vcr
        def test_one():
            models()
            chat("one", behaviour="gzip")

        @pytest.mark.vcr
        @pytest.mark.block_network
        async def test_two():
            await async_chat("two")

        @pytest.mark.default_cassette("named.yaml")
        @pytest.mark.vcr
        def test_three():
            chat("three")
            chat("four")
        """,
    )
    recorded = project.run("--record-mode=once", plugins=None)
    assert recorded.outcomes == {"passed": 3}, recorded.output
    loopback.forget()
    replayed = project.run(plugins=None)
    assert replayed.outcomes == {"passed": 3}, replayed.output
    assert loopback.requests == 0
    places = [
        ("cassettes/test_suite/test_one.yaml", 1),
        ("cassettes/test_suite/test_two.yaml", 0),
        ("cassettes/test_suite/named.yaml", 0),
        ("cassettes/test_suite/named.yaml", 1),
    ]
    for run, source in ((recorded, "recorded"), (replayed, "replayed")):
        assert [call["source"] for call in run.calls] == [source] * 4
        assert [tuple(call["cassette"].values()) for call in run.calls] == places
        assert run.report["totals"]["usage"]["input_tokens"] == 4800
        assert_each_call_points_at_its_interaction(project, run)


@needs_recording
def test_pytest_recording_with_several_files(project):
    """A test that replays from several files names the file that each answer came from."""
    project.write(
        "test_suite.py",
        """
        import pytest
        from ask import chat

        @pytest.mark.vcr
        def test_a():
            chat("one")
            chat("two")

        @pytest.mark.vcr
        def test_b():
            chat("three")

        @pytest.mark.vcr("test_a.yaml", "test_b.yaml", match_on=["body"])
        def test_both():
            chat("three")
            chat("two")
        """,
    )
    assert project.run("--record-mode=once", "-k", "not both", plugins=["recording"]).outcomes == {
        "passed": 2,
        "deselected": 1,
    }
    run = project.run("-k", "both", plugins=["recording"])
    assert run.outcomes == {"passed": 1, "deselected": 2}, run.output
    assert [tuple(call["cassette"].values()) for call in run.calls] == [
        ("cassettes/test_suite/test_b.yaml", 0),
        ("cassettes/test_suite/test_a.yaml", 1),
    ]
    assert_each_call_points_at_its_interaction(project, run)


@needs_pytest_vcr
def test_pytest_vcr(project, loopback):
    """With pytest-vcr: recorded, then replayed."""
    project.write(
        "test_suite.py",
        """
        import pytest
        from ask import chat

        @pytest.mark.vcr
        def test_one():
            chat("one")
            chat("two")
        """,
    )
    assert sources(project.run("--vcr-record=once", plugins=["vcr"])) == [("recorded", 0), ("recorded", 1)]
    loopback.forget()
    run = project.run("--vcr-record=none", plugins=["vcr"])
    assert sources(run) == [("replayed", 0), ("replayed", 1)]
    assert loopback.requests == 0
    assert_each_call_points_at_its_interaction(project, run)


def test_filters_that_drop_interactions_while_loading(project):
    """The place in the file is right although the cassette in memory holds fewer interactions."""
    project.write(
        "test_suite.py",
        CHAT,
        """
        def no_models(request):
            return None if request.path.endswith("/models") else request

        def test_record():
            with vcr.use_cassette("a.yaml", record_mode="once"):
                models(); chat("one"); models(); models(); chat("two")

        def test_replay():
            with vcr.use_cassette("a.yaml", record_mode="none", before_record_request=no_models) as cassette:
                assert len(cassette) == 2
                chat("one"); chat("two")

        def test_rewritten():
            "A new episode writes the file anew, without what the filter dropped."
            options = {"record_mode": "new_episodes", "match_on": ["uri", "body"]}
            with vcr.use_cassette("a.yaml", before_record_request=no_models, **options):
                chat("three"); chat("one"); chat("two")
        """,
    )
    assert sources(project.run("-k", "record")) == [("recorded", 1), ("recorded", 4)]
    replayed = project.run("-k", "replay")
    assert sources(replayed) == [("replayed", 1), ("replayed", 4)], replayed.output
    assert_each_call_points_at_its_interaction(project, replayed)
    rewritten = project.run("-k", "rewritten")
    assert sources(rewritten) == [("recorded", 2), ("replayed", 0), ("replayed", 1)], rewritten.output
    assert_each_call_points_at_its_interaction(project, rewritten)


def test_interaction_hooks(project):
    """Hooks of vcrpy 9 that drop and change interactions while loading do not move the place in the file."""
    pytest.importorskip("vcr")
    from inspect import signature

    from vcr.cassette import Cassette

    if "after_load_interaction" not in signature(Cassette.__init__).parameters:
        pytest.skip("this vcrpy has no interaction hooks")
    project.write(
        "test_suite.py",
        CHAT,
        """
        def no_models(request, response):
            return None if request.path.endswith("/models") else (request, dict(response))

        def test_record():
            with vcr.use_cassette("a.yaml"):
                models(); chat("one"); chat("two")

        def test_hooks():
            with vcr.use_cassette("a.yaml", record_mode="none", after_load_interaction=no_models):
                chat("one"); chat("two")

        def test_secrets():
            with vcr.use_cassette("a.yaml", record_mode="none", filter_sensitive_data=[("<KEY>", "sk-1")]):
                chat("one"); chat("two")
        """,
    )
    assert project.run("-k", "record").outcomes["passed"] == 1
    run = project.run("-k", "not record")
    assert sources(run) == [("replayed", 1), ("replayed", 2)] * 2, run.output
    assert_each_call_points_at_its_interaction(project, run)


def test_files_that_are_rewritten(project):
    """The place is that in the file as it was read; where a rewrite moves everything it is not stated."""
    project.write(
        "test_suite.py",
        CHAT,
        """
        def test_first():
            with vcr.use_cassette("all.yaml"):
                chat("one"); chat("two")
            with vcr.use_cassette("unused.yaml"):
                chat("one"); chat("two")

        def test_all():
            "Recorded anew, and what was there before moves when the file is written."
            with vcr.use_cassette("all.yaml", record_mode="all"):
                chat("two"); chat("three")

        def test_unused():
            "The first interaction is not played, and dropped from the file."
            with vcr.use_cassette(
                "unused.yaml", record_mode="none", drop_unused_requests=True, match_on=["uri", "body"]
            ):
                chat("two")
        """,
    )
    assert project.run("-k", "first").outcomes["passed"] == 1
    run = project.run("-k", "not first")
    assert [call["source"] for call in run.calls] == ["recorded", "recorded", "replayed"], run.output
    places = [tuple(call["cassette"].values()) for call in run.calls]
    assert places == [("all.yaml", None), ("all.yaml", None), ("unused.yaml", 1)]


def test_ways_to_open_a_cassette(project, loopback):
    """Decorators, VCR objects, serializers, persisters, nesting, repeats and a changed working folder."""
    project.write(
        "test_suite.py",
        CHAT,
        """
        import json
        import pytest

        class Compact:
            serialize = staticmethod(lambda found: json.dumps(found))
            deserialize = staticmethod(json.loads)

        class Shelf:
            "A persister of the user's own."
            kept = {}

            @classmethod
            def load_cassette(cls, path, serializer):
                from vcr.persisters.filesystem import FilesystemPersister
                return FilesystemPersister.load_cassette(path, serializer)

            @classmethod
            def save_cassette(cls, path, found, serializer):
                from vcr.persisters.filesystem import FilesystemPersister
                FilesystemPersister.save_cassette(path, found, serializer)

        mine = vcr.VCR(cassette_library_dir="mine", record_mode="once")
        mine.register_serializer("compact", Compact)
        mine.register_persister(Shelf)

        @vcr.use_cassette("decorated.yaml")
        def test_decorated():
            chat()

        @vcr.use_cassette("async.yaml")
        async def test_async_decorated():
            await async_chat()

        @pytest.fixture
        def opened():
            with mine.use_cassette("own", serializer="compact"):
                yield

        def test_own(opened):
            chat()

        def test_nested():
            with vcr.use_cassette("outer.yaml"):
                chat("outer")
                with vcr.use_cassette("inner.yaml"):
                    chat("inner")

        def test_repeats():
            with vcr.use_cassette("repeats.yaml", allow_playback_repeats=True):
                chat("same")
                chat("same")

        def test_elsewhere(tmp_path, monkeypatch):
            "The cassette was named from the folder where it was opened."
            with vcr.use_cassette("here.yaml"):
                monkeypatch.chdir(tmp_path)
                chat()
                monkeypatch.undo()
            monkeypatch.chdir(tmp_path)
        """,
    )
    first, second = project.run(), project.run()
    assert second.outcomes == {"passed": 6}, second.output
    assert [call["source"] for call in second.calls] == ["replayed"] * 8
    places = [
        ("decorated.yaml", 0),
        ("async.yaml", 0),
        ("mine/own", 0),
        ("outer.yaml", 0),
        ("inner.yaml", 0),
        ("repeats.yaml", 0),
        ("repeats.yaml", 0),
        ("here.yaml", 0),
    ]
    assert [tuple(call["cassette"].values()) for call in second.calls] == places
    # While it records, older versions of vcrpy record a repeated request again.
    assert {call["source"] for call in first.calls} <= {"recorded", "replayed"}
    assert len(first.calls) == 8


@pytest.mark.skipif(bypass_notice("httpx2") is not None, reason="older vcrpy patches the clients elsewhere")
def test_requests_that_a_cassette_lets_through(project):
    """What vcr was asked about and let through is live and no leak; what it was never asked about is one."""
    project.write(
        "test_suite.py",
        CHAT,
        """
        import pytest
        from ask import http

        Transport = http().HTTPTransport
        real = Transport.handle_request

        def test_ignored():
            with vcr.use_cassette("a.yaml", ignore_localhost=True):
                chat()

        def test_not_kept():
            with vcr.use_cassette("b.yaml", before_record_response=lambda response: None):
                chat()

        def test_bypassed(monkeypatch):
            with vcr.use_cassette("c.yaml", record_mode="none"):
                monkeypatch.setattr(Transport, "handle_request", real)
                chat()
                monkeypatch.undo()

        def test_not_in_the_file():
            with vcr.use_cassette("d.yaml", record_mode="none"):
                with pytest.raises(Exception, match="none"):
                    chat()
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 4}, run.output
    assert [(call["source"], call["leak"]) for call in run.calls] == [
        ("live", False),
        ("live", False),
        ("live", True),
    ]
    assert run.report["observed"]["not_calls"] == {"no response": 1}


def test_answers_that_nobody_reads(project):
    """A replayed answer that is closed before it was read is cut, as it is without a cassette; where a transport
    of the app's makes another one out of it, the provider's counts.
    """
    project.write(
        "test_suite.py",
        CHAT,
        """
        from ask import http, url

        BODY = {"model": "gpt-4o-mini", "messages": []}

        class Rewriting(http().HTTPTransport):
            def handle_request(self, request):
                response = super().handle_request(request)
                response.read()
                return http().Response(200, json={"answer": "hidden"})

        def test_closed():
            hooks = {"response": [lambda response: response.close()]}
            with vcr.use_cassette("a.yaml"), http().Client(event_hooks=hooks) as client:
                client.send(client.build_request("POST", url(), json=BODY), stream=True)

        def test_rewritten():
            with vcr.use_cassette("b.yaml"), http().Client(transport=Rewriting()) as client:
                assert client.post(url(), json=BODY).json() == {"answer": "hidden"}
        """,
    )
    # vcr reads all of what it records. All tokens are known then, and no price of this host.
    for source, closed in (("recorded", "unpriced"), ("replayed", "incomplete")):
        run = project.run()
        assert run.outcomes == {"passed": 2}, run.output
        assert [(call["source"], call["status"]) for call in run.calls] == [
            (source, closed),
            (source, "unpriced"),
        ], run.calls
