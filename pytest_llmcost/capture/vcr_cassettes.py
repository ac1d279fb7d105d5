"""vcrpy: which cassette is open, and which interaction was played or recorded.

vcr is only asked what it did; the exchange itself is seen by the HTTP clients' modules. The methods used
here exist under these names from vcrpy 6 to 9.
"""

from __future__ import annotations

import functools
import threading
from types import ModuleType
from typing import Any

from pytest_llmcost.attribution.parameters import with_same_parameters
from pytest_llmcost.capture.cassette_places import Places
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.capture.played import played
from pytest_llmcost.capture.vcr_fallback import unseen_exchange
from pytest_llmcost.capture.vcr_stubs import sent_by_stub


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the cassettes of vcr.

    Args:
        module: ``vcr.cassette``.
        log: Where the exchange that is being sent is found.
        patches: Where replacements are registered.
    """
    cassette: Any = module.Cassette
    context: Any = module.CassetteContextDecorator
    places = log.places
    compared = _Compared()
    patches.replace(module, "requests_match", lambda match: _requests_match(match, compared))
    patches.replace(cassette, "_load", lambda load: _load(load, places, log))
    patches.replace(cassette, "append", lambda append: _append(append, places, log))
    patches.replace(cassette, "play_response", lambda play: _play_response(play, places, log, compared))
    patches.replace(cassette, "can_play_response_for", lambda can_play: _can_play(can_play, log))
    patches.replace(context, "__enter__", lambda enter: _enter(enter, places, log))
    patches.replace(context, "__exit__", lambda leave: _exit(leave, log))


def patch_recording(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch which files pytest-recording reads: it reads those of a test into one cassette.

    Args:
        module: ``pytest_recording._vcr``.
        log: Where faults go.
        patches: Where replacements are registered.
    """
    patches.replace(module, "load_cassette", lambda load: _load_file(load, log.places, log))


def _load(original: Any, places: Places, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    def load(cassette: Any) -> Any:
        with places.load(cassette):
            uncount = _count_before_hooks(cassette, places, log)
            try:
                return original(cassette)
            finally:
                uncount()

    return load


def _count_before_hooks(cassette: Any, places: Places, log: ExchangeLog) -> Any:
    """Hooks of vcrpy 9 may drop an interaction before it is appended: count ahead of them.

    Returns:
        What ends the counting.
    """
    hooks = getattr(cassette, "_after_load_interaction", None)
    if not isinstance(hooks, list) or not hooks:
        return lambda: None

    def count(request: Any, response: Any) -> tuple[Any, Any]:
        places.offer()
        return request, response

    def uncount() -> None:
        try:
            hooks.remove(count)
        except ValueError as error:
            log.fault("vcr load hooks", error)

    hooks.insert(0, count)
    return uncount


def _load_file(original: Any, places: Places, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    def load_cassette(cassette_path: Any, *args: Any, **kwargs: Any) -> Any:
        found = original(cassette_path, *args, **kwargs)
        try:
            places.load_file(str(cassette_path), len(found[0]))
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            log.fault("pytest-recording file", error)
        return found

    return load_cassette


def _append(original: Any, places: Places, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    def append(cassette: Any, *args: Any, **kwargs: Any) -> Any:
        before = len(cassette.data)
        result = original(cassette, *args, **kwargs)
        try:
            kept = len(cassette.data) > before
            if places.loading:
                if not getattr(cassette, "_after_load_interaction", None):
                    places.offer()
                if kept:
                    places.keep()
                return result
            exchange = sent_by_stub(log)
            if exchange is not None:
                exchange.note_vcr()
            elif kept:
                exchange = unseen_exchange(log, *cassette.data[before])
            if exchange is not None:
                exchange.seen_by_vcr = True
                exchange.on_network = True
                if kept:
                    exchange.recorded = places.of(cassette, before)
                    exchange.vcr_answer = cassette.data[before][1]
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            log.fault("vcr recording", error)
        return result

    return append


class _Compared(threading.local):
    """What vcr compares with recorded requests in a thread.

    Attributes:
        filtered: The request that it compared last: as the user's filters have left it.
    """

    filtered: Any = None


def _requests_match(original: Any, compared: _Compared) -> Any:
    @functools.wraps(original)
    def requests_match(*args: Any, **kwargs: Any) -> Any:
        if args:
            compared.filtered = args[0]
        return original(*args, **kwargs)

    def requests_match_as_known(r1: Any, r2: Any, matchers: Any) -> Any:
        compared.filtered = r1
        return original(r1, r2, matchers)

    return with_same_parameters(requests_match_as_known, original) or requests_match


def _play_response(original: Any, places: Places, log: ExchangeLog, compared: _Compared) -> Any:
    def note(cassette: Any, request: Any, response: Any) -> None:
        try:
            filtered, compared.filtered = compared.filtered, None
            exchange = sent_by_stub(log, 2)
            if exchange is None:
                exchange = unseen_exchange(log, request, response)
                if exchange is None:
                    return
            else:
                exchange.note_vcr()
                exchange.seen_by_vcr = True
                exchange.vcr_answer = response
            for index, (recorded, kept) in enumerate(cassette.data):
                if kept is response:
                    exchange.replayed = places.of(cassette, index)
                    if not exchange.is_as_recorded(request, recorded):
                        exchange.played = played(cassette, request, recorded, filtered)
                    break
            else:  # a cassette class of the user's may make its responses
                exchange.replayed = places.unknown(cassette)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            log.fault("vcr replay", error)

    @functools.wraps(original)
    def play_response(cassette: Any, *args: Any, **kwargs: Any) -> Any:
        compared.filtered = None
        response = original(cassette, *args, **kwargs)
        note(cassette, args[0] if args else kwargs.get("request"), response)
        return response

    def play_response_as_known(self: Any, request: Any) -> Any:
        compared.filtered = None
        response = original(self, request)
        note(self, request, response)
        return response

    return with_same_parameters(play_response_as_known, original) or play_response


def _can_play(original: Any, log: ExchangeLog) -> Any:
    """What it says yes to is played next, and noted then."""

    @functools.wraps(original)
    def can_play_response_for(cassette: Any, *args: Any, **kwargs: Any) -> Any:
        found = None
        try:
            found = original(cassette, *args, **kwargs)
        finally:
            if not found and (exchange := sent_by_stub(log)) is not None:
                exchange.seen_by_vcr = True
        return found

    def can_play_response_as_known(self: Any, request: Any) -> Any:
        found = None
        try:
            found = original(self, request)
        finally:
            if not found and (exchange := sent_by_stub(log)) is not None:
                exchange.seen_by_vcr = True
        return found

    return with_same_parameters(can_play_response_as_known, original) or can_play_response_for


def _enter(original: Any, places: Places, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    def enter(context: Any) -> Any:
        cassette = original(context)
        try:
            path = places.unknown(cassette).cassette
            log.open_cassettes.append(cassette)
            log.cassettes_seen[path] = len(cassette)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            log.fault("vcr cassette", error)
        return cassette

    return enter


def _closed(log: ExchangeLog) -> None:
    if not log.open_cassettes:
        return
    try:
        log.places.close(log.open_cassettes.pop())
    except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
        log.fault("vcr cassette", error)


def _exit(original: Any, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    def leave(context: Any, *exception: Any) -> Any:
        try:
            return original(context, *exception)
        finally:
            _closed(log)

    return leave
