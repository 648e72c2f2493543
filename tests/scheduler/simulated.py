"""A day of people, agents and batch work on one machine, in made-up time: the law of leases, and when work gives way.

Everything happens at an instant of the simulation's clock, so a day takes seconds, and the same seed gives the same day.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from janus_lab.adapters.leases.model import SECOND, Book
from janus_lab.scheduler.fairness import LOOK_SECONDS, gives_way
from janus_lab.scheduler.held import HeldLease
from janus_lab.values.lease import CPU, Capacity, GrantState, LeaseRequest, Renewal
from janus_lab.values.run import Priority

FOREVER = 10**15
SLOTS = 2


@dataclass
class Party:
    """Somebody who works in units of `unit` seconds, so many a piece of work, and rests for about `rest` seconds between them."""

    name: str
    priority: Priority
    unit: float
    units: int
    rest: float = 0.0
    cpu: int = SLOTS
    waits: list[float] = field(default_factory=list)
    done: int = 0
    """Units of work."""


class Day:
    """Runs parties side by side."""

    def __init__(self, parties: list[Party], *, seed: int = 1) -> None:
        self._parties = parties
        self._random = random.Random(seed)
        self._book = Book("day")
        self._now = 0.0
        self._agenda: list[tuple[float, int, Iterator[float | None]]] = []
        self._order = itertools.count()
        self._parked: dict[str, Iterator[float | None]] = {}
        self.most_leased = 0

    def live(self, seconds: float) -> None:
        self._book.publish(0, {CPU: Capacity(SLOTS)}, 0, FOREVER)
        for party in self._parties:
            self._later(0.0, self._life(party))
        while self._agenda and self._agenda[0][0] <= seconds:
            self._now, _, life = heapq.heappop(self._agenda)
            self._step(life)

    def _life(self, party: Party) -> Iterator[float | None]:
        for number in itertools.count():
            held = yield from self._granted(party, f"{party.name}-{number}")
            for _ in range(party.units):
                yield party.unit
                party.done += 1
                self._look(held)
                if gives_way(held, self._now):
                    self._book.release(self._at(), held.request.id, held.fence)
                    held = yield from self._granted(party, f"{held.request.id}+")
            self._book.release(self._at(), held.request.id, held.fence)
            if party.rest:
                yield self._random.expovariate(1 / party.rest)

    def _granted(self, party: Party, name: str) -> Iterator[float | None]:
        asked = self._now
        wanted = LeaseRequest(name, {CPU: party.cpu}, party.priority, party.name, "work")
        grant = self._book.request(self._at(), wanted, FOREVER)
        while grant.state is not GrantState.GRANTED:
            self._parked[name] = self._current
            yield None
            grant = self._book.request(self._at(), wanted, FOREVER)
        party.waits.append(self._now - asked)
        return HeldLease(wanted, grant.fence, self._now, self._now, waited_seconds=self._now - asked)

    def _look(self, held: HeldLease) -> None:
        if self._now - held.heard_at >= LOOK_SECONDS:
            held.heard_at = self._now
            renewal = self._book.renew(self._at(), held.request.id, held.fence, FOREVER)
            held.yield_wanted = renewal is Renewal.YIELD

    def _step(self, life: Iterator[float | None]) -> None:
        self._current = life
        pause = next(life)
        if pause is not None:
            self._later(self._now + pause, life)
        told, self._book.granted = self._book.granted, []
        for name in told:
            self._later(self._now, self._parked.pop(name))
        leased = sum(lease.request.weights[CPU] for lease in self._book.book(self._at()).leases)
        self.most_leased = max(self.most_leased, leased)

    def _later(self, at: float, life: Iterator[float | None]) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), life))

    def _at(self) -> int:
        return round(self._now * SECOND)
