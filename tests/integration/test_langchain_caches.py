"""Lookups in LangChain's caches, of which nobody tells."""

from __future__ import annotations

import pytest

pytest.importorskip("langchain_openai", reason="langchain-openai is not installed")

PRICES = """
    version: 1
    hosts: {"127.0.0.1": acme}
    pricing: {models: {acme/*: {input: "1", cache_read: "0.1", output: "4"}}}
"""
APP = """
    import asyncio, os, sqlite3
    import pytest
    from langchain_core.caches import BaseCache, InMemoryCache
    from langchain_core.globals import set_llm_cache
    from langchain_openai import ChatOpenAI, OpenAI
    from pytest_llmcost import agent, cache_event

    URL = os.environ["LOOPBACK"] + "/v1"

    def chat(**options):
        return ChatOpenAI(model="gpt-4o-mini", base_url=URL, api_key="x", max_retries=0, **options)

    class Shelf(BaseCache):
        def __init__(self):
            self.kept = {}
        def lookup(self, prompt, llm_string):
            return self.kept.get((prompt, llm_string))
        def update(self, prompt, llm_string, return_val):
            self.kept[prompt, llm_string] = return_val
        def clear(self, **kwargs):
            self.kept.clear()
"""


@pytest.fixture
def project(project):
    project.write("llmcost.yaml", PRICES)
    return project


def outcomes(run):
    assert run.report is not None, run.output
    assert run.report["meta"]["complete"], run.output
    return [(one["hit"], one["layer"]) for one in run.report["cache_events"]]


@pytest.mark.parametrize("whose", ["of the model", "everybody's"])
@pytest.mark.parametrize("kind", ["InMemoryCache", "Shelf"])
def test_lookups_of_a_model(project, kind, whose):
    """A miss belongs to the call after it, and a hit saves what that cost; each belongs to its agent."""
    everybodys = whose == "everybody's"
    project.write(
        "test_suite.py",
        APP,
        f"""
        @pytest.fixture
        def model():
            cache = {kind}()
            set_llm_cache(cache if {everybodys} else None)
            yield chat() if {everybodys} else chat(cache=cache)
            set_llm_cache(None)

        def test_it(model):
            with agent("desk"):
                model.invoke("a")
                found = model.invoke("a")
            model.invoke("b")
            assert found.content
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    first, second = run.calls
    assert outcomes(run) == [(False, None), (True, kind), (False, None)]
    found = run.report["cache_events"]
    assert [one["call"] for one in found] == [first["id"], first["id"], second["id"]]
    assert [one["saved"] for one in found] == [None, first["cost"], None]
    assert [one["agent"] for one in found] == ["desk", "desk", None]


@pytest.mark.parametrize("kind", ["InMemoryCache", "Shelf", "Plain"])
def test_async_lookups(project, kind):
    """One each, also where they run the sync method in an executor, with or without the context."""
    project.write(
        "test_suite.py",
        APP,
        f"""
        class Plain(Shelf):
            async def alookup(self, prompt, llm_string):
                return await asyncio.get_running_loop().run_in_executor(None, self.lookup, prompt, llm_string)

        async def test_it():
            model = chat(cache={kind}())
            await asyncio.gather(*(model.ainvoke(prompt) for prompt in "abc"))
            await asyncio.gather(*(model.ainvoke(prompt) for prompt in "abcc"))
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    assert sorted(map(str, outcomes(run))) == sorted(map(str, [(False, None)] * 3 + [(True, kind)] * 4))
    assert len(run.calls) == 3
    assert all(one["saved"] is not None for one in run.report["cache_events"] if one["hit"])


def test_caches_inside_caches(project):
    """A class of the app's that asks others is one lookup, of the one that had the answer."""
    project.write(
        "test_suite.py",
        APP,
        """
        class Far(Shelf):
            pass

        class Layers(BaseCache):
            def __init__(self):
                self.near, self.far = InMemoryCache(), Far()
            def lookup(self, prompt, llm_string):
                return self.near.lookup(prompt, llm_string) or self.far.lookup(prompt, llm_string)
            def update(self, prompt, llm_string, return_val):
                self.near.update(prompt, llm_string, return_val)
                self.far.update(prompt, llm_string, return_val)
            def clear(self, **kwargs):
                self.near.clear()

        class Counting(InMemoryCache):
            def lookup(self, prompt, llm_string):
                return super().lookup(prompt, llm_string)

        def test_it():
            cache = Layers()
            model = chat(cache=cache)
            model.invoke("a")
            model.invoke("a")
            cache.clear()
            model.invoke("a")
            model = chat(cache=Counting())
            model.invoke("a")
            model.invoke("a")
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    assert outcomes(run) == [
        (False, None),
        (True, "InMemoryCache"),
        (True, "Far"),
        (False, None),
        (True, "Counting"),
    ]


def test_completions_look_up_each_prompt(project):
    """Models that take several prompts at once look up each; what one saves is then not known."""
    project.write(
        "test_suite.py",
        APP,
        """
        def test_it():
            model = OpenAI(model="gpt-3.5-turbo-instruct", base_url=URL, api_key="x", cache=InMemoryCache())
            model.invoke("a")
            model.invoke("a")
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    assert outcomes(run) == [(False, None), (True, "InMemoryCache")]
    assert [one["call"] for one in run.report["cache_events"]] == [run.calls[0]["id"]] * 2


def test_no_cache_is_no_lookup(project):
    """A model without one asks nobody."""
    project.write("test_suite.py", APP, "def test_it():\n    chat().invoke('a')\n")
    run = project.run()
    assert len(run.calls) == 1
    assert run.report["totals"]["response_cache"] is None


TOLD = {
    "inside": """
        class Telling(Shelf):
            def lookup(self, prompt, llm_string):
                found = super().lookup(prompt, llm_string)
                cache_event("L1", found is not None, key=prompt)
                return found
        def ask(model, prompt):
            return model.invoke(prompt)
    """,
    "after": """
        class Telling(Shelf):
            calls = 0
            def update(self, *args):
                self.calls += 1
                super().update(*args)
        def ask(model, prompt):
            before = model.cache.calls
            model.invoke(prompt)
            if model.cache.calls == before:
                cache_event("L1", True, key=prompt)
    """,
}


@pytest.mark.parametrize("where", TOLD)
def test_told_by_the_app_too(project, where):
    """A cache_event inside a lookup or after a hit is the same lookup, and names its layer."""
    project.write(
        "test_suite.py",
        APP,
        TOLD[where],
        """
        def test_it():
            model = chat(cache=Telling())
            for prompt in "aabb":
                ask(model, prompt)
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    assert outcomes(run) == [(False, None), (True, "L1")] * 2
    first, second = run.calls
    assert [one["call"] for one in run.report["cache_events"]] == [first["id"]] * 2 + [second["id"]] * 2


def test_a_layer_of_the_app_before_it(project):
    """The app's layer and LangChain's are asked in turn for one request: one lookup, of whoever had it."""
    project.write(
        "test_suite.py",
        APP,
        """
        L1 = {}

        def ask(model, prompt, key):
            found = L1.get(prompt)
            cache_event("L1", found is not None, key=prompt if key else None)
            if found is None:
                found = L1[prompt] = model.invoke(prompt)
            return found

        @pytest.mark.parametrize("key", [True, False])
        def test_it(key):
            L1.clear()
            model = chat(cache=InMemoryCache())
            ask(model, "a", key)
            L1.clear()
            ask(model, "a", key)
            ask(model, "a", key)
            ask(model, "b", key)
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    assert outcomes(run) == [(False, None), (True, "InMemoryCache"), (True, "L1"), (False, None)] * 2
    found = run.report["cache_events"]
    first, second, third, fourth = (call["id"] for call in run.calls)
    assert [one["call"] for one in found] == [first] * 3 + [second] + [third, third, None, fourth]
    assert [one["saved"] is None for one in found] == [True, False, False, True, True, False, True, True]


@pytest.mark.parametrize("where", ["before", "inside"])
def test_stand_ins_for_a_model(project, where):
    """Without any call between them, lookups are told from one another all the same."""
    project.write(
        "test_suite.py",
        APP,
        f"""
        from langchain_core.language_models import FakeListChatModel
        BEFORE = {where == "before"}

        class Telling(Shelf):
            def lookup(self, prompt, llm_string):
                found = super().lookup(prompt, llm_string)
                if not BEFORE:
                    cache_event("L2", found is not None)
                return found

        def test_it():
            model = FakeListChatModel(responses=["x"], cache=Telling())
            for prompt in "aabcb":
                if BEFORE:
                    cache_event("L1", False, key=prompt)
                model.invoke(prompt)
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    hit, miss = (True, "Telling" if where == "before" else "L2"), (False, None)
    assert outcomes(run) == [miss, hit, miss, miss, hit]
    assert run.calls == []


def test_a_call_inside_a_lookup(project):
    """A semantic cache embeds what it looks up: that call is not the one that the lookup spares."""
    project.write(
        "test_suite.py",
        APP,
        """
        from ask import embed

        class Semantic(Shelf):
            def lookup(self, prompt, llm_string):
                embed()
                return super().lookup(prompt, llm_string)

        def test_it():
            model = chat(cache=Semantic())
            for _ in range(2):
                cache_event("L1", False, key="a")
                model.invoke("a")
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    assert outcomes(run) == [(False, None), (True, "Semantic")]
    _, asked, _ = run.calls
    assert asked["api"] == "openai.chat"
    assert [one["call"] for one in run.report["cache_events"]] == [asked["id"]] * 2


def test_threads(project):
    """Requests of a batch run at once, and each has its own call."""
    project.write(
        "test_suite.py",
        APP,
        """
        def test_it():
            model = chat(cache=InMemoryCache())
            model.batch(list("abcd"))
            model.batch(list("abe"))
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    assert len(run.calls) == 5
    found = run.report["cache_events"]
    assert sorted(one["hit"] for one in found) == [False] * 5 + [True] * 2
    assert len({one["call"] for one in found if not one["hit"]}) == 5
    assert all(one["saved"] is not None for one in found if one["hit"])


def test_spans_that_state_the_same(project):
    """A span around a lookup, or a generation with a callback, is no other lookup and no call."""
    pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is not installed")
    project.write(
        "test_suite.py",
        APP,
        """
        from opentelemetry.sdk.trace import TracerProvider
        tracer = TracerProvider().get_tracer("app")

        def test_it():
            model = chat(cache=InMemoryCache())
            for hit in (False, True):
                with tracer.start_as_current_span("answer") as span:
                    span.set_attributes({"gen_ai.operation.name": "chat", "cache_hit": hit, "cache_layer": "L1"})
                    model.invoke("a")
                with tracer.start_as_current_span("answer") as span:
                    span.set_attributes({"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini"})
                    model.invoke("a")
                    span.set_attributes({"gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 7})
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    assert outcomes(run) == [(False, None), *[(True, "InMemoryCache")] * 3]
    assert [call["source"] for call in run.calls] == ["live"]


def test_callback_of_langfuse(project):
    """Its spans of a hit state the tokens of the answer that was kept; that is no call."""
    pytest.importorskip("langfuse.langchain", reason="langfuse is not installed")
    project.write(
        "test_suite.py",
        APP,
        """
        from langfuse.langchain import CallbackHandler
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        BatchSpanProcessor.on_end = lambda self, span: None

        def test_it():
            model = chat(cache=InMemoryCache())
            for prompt in "aab":
                model.invoke(prompt, {"callbacks": [CallbackHandler()]})
        """,
    )
    keys = {"PUBLIC_KEY": "pk-x", "SECRET_KEY": "sk-x", "BASE_URL": "http://127.0.0.1:9"}
    run = project.run(**{f"LANGFUSE_{name}": value for name, value in keys.items()})
    assert run.code == 0, run.output
    assert outcomes(run) == [(False, None), (True, "InMemoryCache"), (False, None)]
    assert [call["source"] for call in run.calls] == ["live"] * 2


def test_the_app_sees_no_difference(project):
    """Errors of a cache reach the app, its classes stay what they are, and nothing is left at the end."""
    project.write(
        "test_suite.py",
        APP,
        """
        import abc, inspect

        class Broken(Shelf):
            def lookup(self, prompt, llm_string):
                raise OSError("no disk")

        class Half(BaseCache):
            @abc.abstractmethod
            def lookup(self, prompt, llm_string): ...

        class Strange(InMemoryCache):
            def __init_subclass__(cls, colour=None, **kwargs):
                super().__init_subclass__(**kwargs)
                cls.colour = colour

        class Red(Strange, colour="red"):
            @staticmethod
            def lookup(prompt, llm_string):
                return None

        def test_it():
            with pytest.raises(OSError, match="no disk"):
                chat(cache=Broken()).invoke("a")
            with pytest.raises(TypeError):
                Half()
            with pytest.raises(TypeError):
                InMemoryCache().lookup("a")
            assert Red.colour == "red" and Red().lookup("a", "b") is None
            assert inspect.iscoroutinefunction(InMemoryCache.alookup)
            assert list(inspect.signature(Shelf.lookup).parameters) == ["self", "prompt", "llm_string"]
        """,
    )
    project.write(
        "conftest.py",
        """
        def pytest_unconfigure():
            from langchain_core.caches import BaseCache, InMemoryCache

            print("WATCHED", hasattr(InMemoryCache.lookup, "__wrapped__"), "__init_subclass__" in vars(BaseCache))
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    assert "WATCHED False False" in run.output
    assert run.calls == []
    assert outcomes(run) == []
