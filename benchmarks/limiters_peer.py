"""Four places that several processes share, as three limiters keep them; `limiters.py` compares them."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Protocol

from dramatiq.rate_limits import ConcurrentRateLimiter
from dramatiq.rate_limits.backends import RedisBackend
from redis import Redis

from janus_lab.adapters.leases.redis import RedisLeases
from janus_lab.values.lease import GrantState, LeaseRequest, Renewal, slot
from janus_lab.values.run import Priority

PLACES = 4
HOST, PLACE = "bench", slot("place")


class Limiter(Protocol):
    """Four places, each had by one holder at a time."""

    def take(self) -> Any | None:
        """What gives the place back, or None."""
        ...

    def give(self, place: Any) -> None:
        """Give it back."""
        ...

    def keep(self, place: Any) -> bool | None:
        """Say that we live: whether the place is still ours; None where there is no way to."""
        ...


class Leased:
    """Ours: a lease of one place; the machine's sampler is a thread of this benchmark."""

    def __init__(self, client: Redis, url: str, ttl: float) -> None:
        self.leases, self.ttl = RedisLeases(client, url), ttl

    def take(self) -> tuple[str, int] | None:
        """The lease's id and fencing number."""
        wanted = LeaseRequest(uuid.uuid4().hex, {PLACE: 1}, Priority.BATCH, "bench", "bench", pid=os.getpid())
        grant = self.leases.request(HOST, wanted, self.ttl)
        if grant.state is GrantState.GRANTED:
            return wanted.id, grant.fence
        self.leases.withdraw(HOST, wanted.id)
        return None

    def give(self, place: tuple[str, int]) -> None:
        """Release the lease."""
        self.leases.release(HOST, *place)

    def keep(self, place: tuple[str, int]) -> bool:
        """Renew it."""
        return self.leases.renew(HOST, *place, self.ttl) is not Renewal.EXPIRED


class Dramatiq:
    """A counter with an expiry that every change sets anew."""

    def __init__(self, client: Redis, _url: str, ttl: float) -> None:
        self.limiter = ConcurrentRateLimiter(
            RedisBackend(client=client), "bench-dramatiq", limit=PLACES, ttl=int(ttl * 1000)
        )

    def take(self) -> ExitStack | None:
        """What leaves the limiter's context."""
        stack = ExitStack()
        return stack if stack.enter_context(self.limiter.acquire(raise_on_failure=False)) else None

    def give(self, place: ExitStack) -> None:
        """Leave the context."""
        place.close()

    def keep(self, _place: ExitStack) -> None:
        """There is no way to."""


class Steindamm:
    """A list of tokens with an expiry that every change sets anew."""

    def __init__(self, client: Redis, _url: str, ttl: float) -> None:
        from steindamm import SyncSemaphore

        self.semaphore = SyncSemaphore.create(
            connection=client, name="bench", capacity=PLACES, expiry=max(1, int(ttl)), max_sleep=0.5
        )

    def take(self) -> ExitStack | None:
        """What leaves the limiter's context."""
        from steindamm import MaxSleepExceededError

        stack = ExitStack()
        try:
            stack.enter_context(self.semaphore)
        except MaxSleepExceededError:
            return None
        return stack

    def give(self, place: ExitStack) -> None:
        """Leave the context."""
        place.close()

    def keep(self, _place: ExitStack) -> None:
        """There is no way to."""
        return


LIMITERS: dict[str, Callable[[Redis, str, float], Limiter]] = {
    "janus lease": Leased,
    "dramatiq": Dramatiq,
    "steindamm": Steindamm,
}
