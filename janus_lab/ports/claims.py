"""Sole ownership of a run by one worker, and the wish to cancel it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class Claims(Protocol):
    """Who works on a run. A claim has a holder, a time to live renewed by heartbeat, and a fencing number that only grows."""

    def take(self, run_id: str, holder: str, ttl_seconds: float, *, above: int = 0) -> int | None:
        """Claim a run that nobody holds (or that `holder` holds already): a new fencing number, or None if it is held.

        The number is larger than every one given out before, and than `above`, the highest one that the ledger has seen.
        """
        ...

    def renew(self, run_id: str, holder: str, fence: int, ttl_seconds: float) -> bool:
        """Prolong a claim; False, and nothing is changed, if it has expired or is another's."""
        ...

    def release(self, run_id: str, holder: str, fence: int) -> bool:
        """Give a claim back; False if it was not ours any more."""
        ...

    def held(self, run_ids: Collection[str]) -> set[str]:
        """Those of these runs that somebody holds."""
        ...

    def request_cancel(self, run_id: str) -> None:
        """Ask whoever works on this run to stop."""
        ...

    def cancel_requested(self, run_id: str) -> bool:
        """Whether somebody asked for this run to stop."""
        ...

    def clear_cancel(self, run_id: str) -> None:
        """Forget the wish to cancel (before a retry)."""
        ...
