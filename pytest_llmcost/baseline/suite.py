"""What of a suite was collected: a line goes only when its test is known to be gone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suite:
    """What pytest has collected.

    Attributes:
        keys: Of all tests that were collected, also of those that did not run.
        whole_files: Files of which all tests were collected, and none deselected.
        gone_files: Files of the baseline that do not exist any more.
    """

    keys: frozenset[str] = frozenset()
    whole_files: frozenset[str] = frozenset()
    gone_files: frozenset[str] = frozenset()

    def has_lost(self, key: str) -> bool:
        """Whether the test of a key is gone: with its file, or from a file that was collected as a whole."""
        file = file_of(key)
        return file in self.gone_files or (file in self.whole_files and key not in self.keys)


def file_of(key: str) -> str:
    """The file of a test's key."""
    return key.partition("::")[0]


def function_of(key: str) -> str:
    """The function of a test's key, without its parameters, which may have any mark in them."""
    return key.partition("::")[2].partition("[")[0].rpartition("::")[2]
