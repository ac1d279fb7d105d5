"""One ``replace`` for frozen dataclasses and named tuples, as ``copy.replace`` is from Python 3.13 on."""

from __future__ import annotations

import dataclasses


def replace(value, **changes):
    """A copy with other values in some fields."""
    if hasattr(value, "_replace"):
        return value._replace(**changes)
    return dataclasses.replace(value, **changes)
