"""Steps in the memory of one process, for the inline runner: the same law as the scripts, in plain Python."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from janus_lab.ports.step_claims import StepClaim, StepClaims


@contextmanager
def open_steps(url: str = "memory://", *, clock: Callable[[], float] = time.time) -> Iterator[StepClaims]:  # noqa: ARG001 - one signature for every scheme
    """Steps that nobody outside this process sees. `clock` tells seconds since the epoch."""
    yield MemorySteps(clock)


@dataclass(frozen=True, slots=True)
class _Step:
    holder: str
    fence: int
    expires_at: float
    done: bool = False


class MemorySteps:
    """A dictionary of steps under one lock."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._steps: dict[str, _Step] = {}
        self._fence = 0

    def take(self, step: str, holder: str, ttl_seconds: float) -> tuple[StepClaim, int]:
        """Take a step that nobody holds and nobody has finished, or prolong our own; with its fencing number if TAKEN."""
        with self._lock:
            found = self._living(step)
            if found is not None and found.done:
                return StepClaim.DONE, 0
            if found is not None and found.holder != holder:
                return StepClaim.HELD, 0
            if found is None:
                # The clock is a floor, as on a server that has lost its counter.
                self._fence = max(self._fence + 1, int(self._clock() * 1000))
                found = _Step(holder, self._fence, 0.0)
            self._steps[step] = replace(found, expires_at=self._clock() + ttl_seconds)
            return StepClaim.TAKEN, found.fence

    def finish(self, step: str, holder: str, fence: int, *, keep_seconds: float) -> bool:
        """Say that it is done; False if it was not ours any more, so that what was done must not count."""
        with self._lock:
            found = self._living(step)
            if found is None or (found.holder, found.fence) != (holder, fence):
                return False
            if not found.done:
                self._steps[step] = replace(found, done=True, expires_at=self._clock() + keep_seconds)
            return True

    def release(self, step: str, holder: str, fence: int) -> bool:
        """Give it back undone; False if it was not ours any more, or is done."""
        with self._lock:
            found = self._living(step)
            if found is None or found.done or (found.holder, found.fence) != (holder, fence):
                return False
            del self._steps[step]
            return True

    def _living(self, step: str) -> _Step | None:
        found = self._steps.get(step)
        if found is not None and found.expires_at <= self._clock():
            del self._steps[step]
            return None
        return found
