"""Claims in the memory of one process, for the inline runner: the same law as the scripts, in plain Python."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from janus_lab.ports.claims import Claims


@contextmanager
def open_claims(url: str = "memory://", *, clock: Callable[[], float] = time.time) -> Iterator[Claims]:  # noqa: ARG001 - one signature for every scheme
    """Claims that nobody outside this process sees. `clock` tells seconds since the epoch."""
    yield MemoryClaims(clock)


@dataclass(frozen=True, slots=True)
class _Claim:
    holder: str
    fence: int
    expires_at: float


class MemoryClaims:
    """Claims in a dictionary under a lock."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._claims: dict[str, _Claim] = {}
        self._cancelled: set[str] = set()
        self._fence = 0

    def take(self, run_id: str, holder: str, ttl_seconds: float, *, above: int = 0) -> int | None:
        """Claim a run that nobody holds, or that `holder` holds already: a new fencing number, or None if it is held."""
        with self._lock:
            claim = self._living(run_id)
            if claim is not None and claim.holder != holder:
                return None
            # The clock is a floor, so that numbers grow from one process to the next, as the ledger expects.
            self._fence = max(self._fence + 1, int(self._clock() * 1000), above + 1)
            self._claims[run_id] = _Claim(holder, self._fence, self._clock() + ttl_seconds)
            return self._fence

    def renew(self, run_id: str, holder: str, fence: int, ttl_seconds: float) -> bool:
        """Prolong a claim; False, and nothing is changed, if it has expired or is another's."""
        with self._lock:
            if not self._ours(run_id, holder, fence):
                return False
            self._claims[run_id] = _Claim(holder, fence, self._clock() + ttl_seconds)
            return True

    def release(self, run_id: str, holder: str, fence: int) -> bool:
        """Give a claim back; False if it was not ours any more."""
        with self._lock:
            if not self._ours(run_id, holder, fence):
                return False
            del self._claims[run_id]
            return True

    def held(self, run_ids: Collection[str]) -> set[str]:
        """Those of these runs that somebody holds."""
        with self._lock:
            return {run_id for run_id in run_ids if self._living(run_id) is not None}

    def request_cancel(self, run_id: str) -> None:
        """Ask whoever works on this run to stop."""
        with self._lock:
            self._cancelled.add(run_id)

    def cancel_requested(self, run_id: str) -> bool:
        """Whether somebody asked for this run to stop."""
        return run_id in self._cancelled

    def clear_cancel(self, run_id: str) -> None:
        """Forget the wish to cancel."""
        with self._lock:
            self._cancelled.discard(run_id)

    def _living(self, run_id: str) -> _Claim | None:
        claim = self._claims.get(run_id)
        return claim if claim is not None and claim.expires_at > self._clock() else None

    def _ours(self, run_id: str, holder: str, fence: int) -> bool:
        claim = self._living(run_id)
        return claim is not None and (claim.holder, claim.fence) == (holder, fence)
