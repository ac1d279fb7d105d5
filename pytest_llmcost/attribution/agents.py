"""Naming agents: ``with agent("researcher"):`` or ``@agent("researcher")``."""

import functools
import inspect
import os
from collections.abc import AsyncGenerator, Callable, Generator
from contextvars import ContextVar
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

from pytest_llmcost.attribution.surroundings import Surroundings, surroundings

Function = TypeVar("Function", bound=Callable[..., Any])


class AgentFrame(NamedTuple):
    """One entry into an agent.

    Attributes:
        name: The agent.
        run: Identity of this entry, unique over processes.
        parent: The entry around it; None for the outermost.
        around: What tracing libraries and agent frameworks said where it was entered; None for nothing.
    """

    name: str
    run: str
    parent: "AgentFrame | None"
    around: Surroundings | None = None

    @property
    def frames(self) -> "tuple[AgentFrame, ...]":
        """From the outermost entry to this one."""
        return (*self.parent.frames, self) if self.parent else (self,)


_current: ContextVar[AgentFrame | None] = ContextVar("llmcost_agent", default=None)


# The innermost agent that is entered in this context; None outside all agents. It is asked at every call.
current_agent: Callable[[], AgentFrame | None] = _current.get


class agent:  # noqa: N801  # it is used as a context manager and a decorator, as functions are
    """Name the agent that makes the calls inside.

    Each entry is one agent run. It works as a context manager and as a decorator of functions, coroutine
    functions and (async) generator functions, costs a microsecond, and does nothing else; without
    ``--llm-cost`` nothing reads it. New threads start outside all agents, as with every context variable.

    Args:
        name: As it appears in reports and in the YAML.

    Example:
        >>> with agent("researcher"):
        ...     client.chat.completions.create(...)
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f'agent() takes the name of an agent, such as agent("researcher"); got {name!r}')
        self.name = name

    def __enter__(self) -> None:
        _current.set(self._frame())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The parent comes from the frame, not from a token: one object may be entered in many contexts.
        frame = _current.get()
        _current.set(frame.parent if frame else None)

    def __call__(self, function: Function) -> Function:
        """Decorate a function: each call of it is one agent run."""
        if inspect.isasyncgenfunction(function):
            return self._async_generator(function)  # type: ignore[return-value]
        if inspect.isgeneratorfunction(function):
            return self._generator(function)  # type: ignore[return-value]
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def run_coroutine(*args: Any, **kwargs: Any) -> Any:
                with self:
                    return await function(*args, **kwargs)

            return run_coroutine  # type: ignore[return-value]

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return run  # type: ignore[return-value]

    def _frame(self) -> AgentFrame:
        return AgentFrame(self.name, os.urandom(6).hex(), _current.get(), surroundings())

    def _generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A generator leaves the agent at every yield: its consumer is not inside it."""

        @functools.wraps(function)
        def run_generator(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            inside = _Inside(self._frame())
            inner = function(*args, **kwargs)
            step, argument = inner.send, None
            while True:
                try:
                    with inside:
                        value = step(argument)
                except StopIteration as end:
                    return end.value
                try:
                    step, argument = inner.send, (yield value)
                except GeneratorExit:
                    with inside:
                        inner.close()
                    raise
                except BaseException as error:  # noqa: BLE001  # handed to the generator, as "yield from" does
                    step, argument = inner.throw, error

        return run_generator

    def _async_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        async def run_async_generator(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            inside = _Inside(self._frame())
            inner = function(*args, **kwargs)
            step, argument = inner.asend, None
            while True:
                try:
                    with inside:
                        value = await step(argument)
                except StopAsyncIteration:
                    return
                try:
                    step, argument = inner.asend, (yield value)
                except GeneratorExit:
                    with inside:
                        await inner.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001  # handed to the generator
                    step, argument = inner.athrow, error

        return run_async_generator


class _Inside:
    """The inside of a generator: entered for each step, with the agents that its last yield left open."""

    def __init__(self, frame: AgentFrame) -> None:
        self._frame: AgentFrame | None = frame
        self._outside: AgentFrame | None = None

    def __enter__(self) -> None:
        self._outside = _current.get()
        _current.set(self._frame)

    def __exit__(self, *_: object) -> None:
        self._frame = _current.get()
        _current.set(self._outside)
