"""Runs that rest until somebody lets them go on."""

from __future__ import annotations

from typing import Protocol


class Pausing(Protocol):
    """What of a ledger pauses runs. It is asked after every step, so nothing else has to be told of a pause."""

    def pause(self, run_id: str) -> bool:
        """QUEUED or RUNNING → PAUSED: no attempt begins any more, and one under way may still commit and finish; else False."""
        ...

    def resume(self, run_id: str) -> bool:
        """PAUSED → QUEUED; False in any other state."""
        ...

    def paused(self, run_id: str) -> bool:
        """Whether the run, or the one that it is a share of, is PAUSED."""
        ...
