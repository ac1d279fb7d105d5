"""The clocks that calls are timed with."""

from __future__ import annotations

import time


class RealClocks:
    """The real clocks: tools that freeze time replace the functions that they find in modules."""

    since = staticmethod(time.perf_counter)
    wall = staticmethod(time.time)
