"""The exceptions that users can meet.

LlmCostError
├── ConfigError     the YAML file, an option or a marker is wrong
├── CassetteError   a cassette file cannot be read
│   └── NotACassetteError   it is a file of another kind
├── BaselineError   a baseline cannot be read
├── ReportError     a report.json cannot be read
├── ComparisonError   what was read cannot be compared or judged
├── GitHubError     GitHub refused a request, or did not answer
└── HookError       a plugin failed in one of our hooks
"""

from __future__ import annotations


class LlmCostError(Exception):
    """Something that the user can mend; the message says what, where and how."""


class ConfigError(LlmCostError):
    """The configuration is wrong.

    Args:
        message: What was found, what is allowed, and the next step.
        path: The file, as the user would name it.
        line: Line in the file, counted from 1.
        column: Column in the line, counted from 1.
    """

    def __init__(
        self, message: str, *, path: str | None = None, line: int | None = None, column: int | None = None
    ) -> None:
        self.message = message
        self.path = path
        self.line = line
        self.column = column
        super().__init__(message)

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)
        return f"{place}: {self.message}" if place else self.message


class CassetteError(LlmCostError):
    """A cassette file cannot be read; the message says why."""


class NotACassetteError(CassetteError):
    """The file is well formed, and is no cassette."""


class ReportError(LlmCostError):
    """A report.json cannot be read; the message says why and what to run."""


class BaselineError(LlmCostError):
    """A baseline cannot be read."""


class ComparisonError(LlmCostError):
    """What was read is whole, and figures from it would mislead: an incomplete run, shards of two commits."""


class GitHubError(LlmCostError):
    """GitHub refused a request, or did not answer.

    Args:
        message: What it said.
        status: HTTP's; 429 for every rate limit; None if there was no answer.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class HookError(LlmCostError):
    """A plugin of the user failed in a hook of ours; the message names the plugin."""
