"""Libraries for evaluation: the calls that they make judge the app, and are not the app's."""

from __future__ import annotations

import os
from types import ModuleType

from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:  # noqa: ARG001  # as every hook
    """Have the log look for the library on the stacks of calls.

    Args:
        module: The library.
        log: What looks.
        patches: Nothing is replaced.
    """
    folders = tuple(f"{folder}{os.sep}" for folder in getattr(module, "__path__", ()))
    log.evaluations = tuple(dict.fromkeys((*log.evaluations, *folders)))
