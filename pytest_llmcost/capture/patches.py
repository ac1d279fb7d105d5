"""Replacing methods of classes, and putting them back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Patches:
    """What was replaced in a session.

    A method is known by its owner and name, not by a mark on the function: ``functools.wraps`` copies
    marks onto other people's wrappers.
    """

    def __init__(self) -> None:
        self._made: list[tuple[Any, str, Any, Any]] = []

    def replace(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        """Replace ``owner.name`` by ``wrap(original)``, once, if the owner has it itself.

        Args:
            owner: A class or module.
            name: Its attribute.
            wrap: Makes the replacement from the attribute as it stands in the owner.
        """
        if any(made is owner and made_name == name for made, made_name, _, _ in self._made):
            return
        original = vars(owner).get(name)
        if original is None:
            return
        replacement = wrap(original)
        setattr(owner, name, replacement)
        self._made.append((owner, name, original, replacement))

    def add(self, owner: Any, name: str, value: Any) -> None:
        """Give a class an attribute that it inherits, or has not.

        Args:
            owner: A class.
            name: Its attribute.
            value: What to add.
        """
        setattr(owner, name, value)
        self._made.append((owner, name, None, vars(owner).get(name)))

    def undo(self) -> None:
        """Put originals back, last first; what somebody wrapped again since then is left to them."""
        while self._made:
            owner, name, original, replacement = self._made.pop()
            if vars(owner).get(name) is not replacement:
                continue
            if original is None:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
