"""Rates in the memory of one process, for the inline runner: the same law as the script, in plain Python."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from janus_lab.ports.throttle import Throttle
from janus_lab.values.rate import Rate

_MANY = 1000
"""With more names than this, those that owe nothing are dropped."""


@contextmanager
def open_throttle(url: str = "memory://", *, clock: Callable[[], float] = time.time) -> Iterator[Throttle]:  # noqa: ARG001 - one signature for every scheme
    """Rates that nobody outside this process keeps to. `clock` tells seconds since the epoch."""
    yield MemoryThrottle(clock)


class MemoryThrottle:
    """When all that was let through is paid for, in microseconds since the epoch, by name."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._paid: dict[str, float] = {}

    def wait_seconds(self, name: str, rate: Rate, *, cost: int = 1) -> float:
        """0.0 and the permit is taken, or how long to wait before asking again (nothing is taken then)."""
        rate.check_cost(cost)
        span = rate.interval_us * rate.burst
        with self._lock:
            now = round(self._clock() * 1e6)
            # More than a whole burst is never owed: the clock was set back, or the rate was another.
            paid = min(max(self._paid.get(name, 0.0), now), now + span)
            after = paid + rate.interval_us * cost
            early = after - span - now
            if early > 0:
                return math.ceil(early) / 1e6
            self._paid[name] = after
            if len(self._paid) > _MANY:
                self._paid = {other: until for other, until in self._paid.items() if until > now}
            return 0.0
