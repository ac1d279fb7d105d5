"""What to do where a rule names no call, and where calls have no agent beside others that have one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from pytest_llmcost.model.agent_rule import AgentRule
from pytest_llmcost.model.call import Call, Source, Status
from pytest_llmcost.model.report import Notice, NoticeKind
from pytest_llmcost.model.shown import first_of, plural, yaml_text

_SHOWN = 3
_ENTER = (
    "enter one around them with pytest_llmcost.agent(...), in threads with contextvars.copy_context().run"
)


def agent_notices(calls: Sequence[Call], rules: Sequence[AgentRule], *, full: bool) -> list[Notice]:
    """Notices about agents.

    Args:
        calls: Those whose cost counts.
        rules: The YAML's ``agents:``.
        full: Whether the whole suite ran: what a part of it lacks may well exist.
    """
    found = list(_idle_rules(calls, rules)) if full and calls else []
    nobodys = [call for call in calls if call.measured.origin.agent is None]
    if nobodys and len(nobodys) < len(calls):
        found.append(_of_nobody(nobodys, calls))
    return found


def _idle_rules(calls: Sequence[Call], rules: Sequence[AgentRule]) -> Iterator[Notice]:
    named = {name for call in calls for name in call.measured.origin.agent_path}
    files = sorted(_files(calls))
    for rule in rules:
        if rule.name in named:
            continue
        near = difflib.get_close_matches(rule.call_site.partition("::")[0], files, n=1, cutoff=0.5)
        hint = f"; the nearest file that calls is {near[0]}" if near else ""
        yield Notice(
            NoticeKind.AGENTS,
            f"{rule.location}: no call comes from {rule.call_site!r}, so {rule.name!r} has none{hint}",
        )


def _of_nobody(nobodys: Sequence[Call], calls: Sequence[Call]) -> Notice:
    files = sorted(_files(nobodys))
    where = f", from {first_of(files, _SHOWN)}" if files else ""
    has = "has" if len(nobodys) == 1 else "have"
    message = f"{plural(len(nobodys), 'call')} of {len(calls):,} {has} no agent{where}: {_ENTER}"
    if not files:
        return Notice(NoticeKind.AGENTS, message)
    rule = f"{{name: researcher, call_site: {yaml_text(files[0])}}}"
    return Notice(
        NoticeKind.AGENTS, f"{message}; or name their files in llmcost.yaml", f"agents:\n  - {rule}"
    )


def empty_agents_notice(agent: str) -> Notice:
    """What is to say where no call is inside any of the agents that spans name: threads have lost them.

    Args:
        agent: One of them.
    """
    return Notice(
        NoticeKind.NO_AGENTS, f"no call has an agent, though spans name some, such as {agent!r}: {_ENTER}"
    )


def is_moot(notice: Notice, calls: Sequence[Call]) -> bool:
    """Whether a process has said that no call has an agent, and those of others have, or nobody made any."""
    if notice.kind is not NoticeKind.NO_AGENTS:
        return False
    return not calls or any(call.measured.origin.agent is not None for call in calls)


def traced_notices(calls: Sequence[Call]) -> list[Notice]:
    """What is not known of calls that only spans tell of: whether somebody was paid for them.

    Args:
        calls: Those whose cost counts.
    """
    found = [
        call for call in calls if call.measured.source is Source.TRACED and call.status is not Status.FREE
    ]
    if not found:
        return []
    models = sorted({f"{call.measured.provider}/{call.measured.model.name}" for call in found})
    of = "has only a span" if len(found) == 1 else "have only spans"
    return [
        Notice(
            NoticeKind.TRACED,
            f"{plural(len(found), 'call')} of {first_of(models, _SHOWN)} {of}, and no HTTP that was"
            " seen: taken as made and paid now; if a stand-in answers for the provider, say that it is free",
            f"pricing: {{free: [{', '.join(map(yaml_text, models[:_SHOWN]))}]}}",
        )
    ]


def _files(calls: Iterable[Call]) -> set[str]:
    sites = (call.measured.call_site for call in calls)
    return {site.rpartition(":")[0] for site in sites if site is not None}
