"""Where the limits and the baseline of a run are, for whoever types the next command."""

from typing import NamedTuple


class Typed(NamedTuple):
    """The files of a gate as they were typed; None for those that are looked for.

    Attributes:
        config: What ``--llm-cost-config`` said.
        baseline: What ``--llm-cost-baseline`` said, where that is a file to which a run may be accepted.
    """

    config: str | None = None
    baseline: str | None = None

    def accepting(self) -> str:
        """The command that accepts a run like this one."""
        from shlex import quote  # most runs do not ask

        config = f" --llm-cost-config={quote(self.config)}" if self.config else ""
        baseline = f" --llm-cost-baseline={quote(self.baseline)}" if self.baseline else ""
        return f"pytest --llm-cost{config}{baseline} --llm-cost-update"


UNTYPED = Typed()
