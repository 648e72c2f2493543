"""What one machine's book of leases holds. Times are whole microseconds since the epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from janus_lab.values.lease import PUT_BACK_SECONDS, Capacity, Grant, GrantState, Lease, LeaseRequest, Waiting
from janus_lab.values.run import Priority

SECOND = 1_000_000
RANKS = {priority: rank for rank, priority in enumerate(Priority)}
"""0 is the best class."""
MISSING = Capacity(-1)
"""A resource that the machine has not."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that waits: since when, and until when it keeps its place unless it is repeated."""

    wanted: LeaseRequest
    since: int
    ttl: int
    patient_until: int

    @property
    def place(self) -> tuple[int, bytes]:
        """Where it stands in the queue."""
        back = round(PUT_BACK_SECONDS[self.wanted.priority] * SECOND)
        return self.since + back, self.wanted.id.encode()

    def waiting(self) -> Waiting:
        """As people see it."""
        return Waiting(self.wanted, self.since / SECOND)


@dataclass(frozen=True, slots=True)
class Held:
    """A lease that somebody holds."""

    wanted: LeaseRequest
    fence: int
    since: int
    granted: int
    expires: int
    ttl: int
    asked_back: bool = False

    def grant(self) -> Grant:
        """The answer to whoever asked."""
        return Grant(GrantState.GRANTED, self.fence, (self.granted - self.since) / SECOND)

    def lease(self, *, yield_wanted: bool) -> Lease:
        """As people see it."""
        waited = (self.granted - self.since) / SECOND
        granted, expires = self.granted / SECOND, self.expires / SECOND
        return Lease(self.wanted, self.fence, granted, expires, waited, yield_wanted, self.asked_back)


@dataclass(frozen=True, slots=True)
class Ended:
    """What an expired lease covered, and when it was found expired."""

    weights: Mapping[str, int]
    at: int
