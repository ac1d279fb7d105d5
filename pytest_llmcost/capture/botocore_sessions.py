"""botocore: ``URLLib3Session.send``, which boto3 and all AWS clients send through; urllib3 carries it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.capture.sending import Arguments, Library, Options, watch
from pytest_llmcost.capture.urllib3_pools import bytes_of
from pytest_llmcost.usage.filter import looks_like_llm


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the sessions.

    Args:
        module: ``botocore.httpsession``.
        log: Where exchanges go.
        patches: Where replacements are registered.
    """
    library = BotocoreLibrary()
    patches.replace(module.URLLib3Session, "send", lambda send: watch(send, library, log))


class BotocoreLibrary(Library):
    """Reads the requests and responses of botocore."""

    name = "botocore"

    def may_be_llm(self, args: Arguments, kwargs: Options) -> object:
        """See ``Library``."""
        return looks_like_llm((args[1] if len(args) > 1 else kwargs["request"]).url)

    def open(self, args: Arguments, kwargs: Options) -> OpenExchange:
        """See ``Library``."""
        request = args[1] if len(args) > 1 else kwargs["request"]
        return OpenExchange(self.name, request.method, request.url, bytes_of(request.body))

    def attach(self, exchange: OpenExchange, response: Any) -> None:
        """See ``Library``."""
        if exchange.status:
            return  # urllib3 carried it
        exchange.begin_response(response.status_code, response.headers)
        exchange.chunks = (response.content,)
        exchange.ended = True
        exchange.finish()

    def attach_below(self, exchange: OpenExchange, response: Any) -> None:
        """No library sends through botocore."""
