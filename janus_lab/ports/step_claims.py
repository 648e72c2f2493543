"""Steps that happen once, whoever tries: taken, done, not again."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class StepClaim(StrEnum):
    """What became of an attempt to take a step."""

    TAKEN = "taken"
    HELD = "held"
    DONE = "done"


class StepClaims(Protocol):
    """Claims on named steps. A holder that dies loses the step; one that was finished is remembered for `keep_seconds`.

    At most one holder is ever told that it finished a step. What it did must be made to count by that, or under the fencing
    number, or must bear being done twice: a holder may outlive its claim without knowing.
    """

    def take(self, step: str, holder: str, ttl_seconds: float) -> tuple[StepClaim, int]:
        """Take a step that nobody holds and nobody has finished, or prolong our own; with its fencing number if TAKEN."""
        ...

    def finish(self, step: str, holder: str, fence: int, *, keep_seconds: float) -> bool:
        """Say that it is done; False if it was not ours any more, so that what was done must not count."""
        ...

    def release(self, step: str, holder: str, fence: int) -> bool:
        """Give it back undone; False if it was not ours any more, or is done."""
        ...
