"""The law of leases in plain Python: one machine's book, every sum counted anew from its records, time told by the caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from janus_lab.adapters.leases.entries import MISSING, RANKS, SECOND, Asked, Ended, Held
from janus_lab.values.lease import Capacity, Grant, GrantState, LeaseBook, LeaseRequest, Renewal, ResourceUse

LOOKED, KEEPING = 128, 32
"""So many waiters at most are looked at, and keep what they want from those behind them, whenever something became free."""


class Book:
    """One machine's leases. `granted` collects the ids of waiting requests that were granted."""

    def __init__(self, machine: str) -> None:
        self.machine = machine
        self.granted: list[str] = []
        self._capacities: Mapping[str, Capacity] = {}
        self._held: dict[str, Held] = {}
        self._asked: dict[str, Asked] = {}
        self._ended: list[Ended] = []
        self._fence = self._looked = self._measured = self._stale = self._time = 0

    def request(self, now: int, wanted: LeaseRequest, ttl: int) -> Grant:
        """See `Leases.request`."""
        gone = self._reap(now)
        if wanted.id in self._held:
            self._grant_next(now, gone)
            return self._held[wanted.id].grant()
        waiting = self._asked.pop(wanted.id, None)
        asked = waiting or Asked(wanted, now, ttl, 0)
        weights = asked.wanted.weights
        closed = [name for name in weights if now >= self._stale or self._capacity(name).failure]
        never = [] if now >= self._stale else [name for name in weights if self._exceeds(name, weights[name])]
        if never:
            self._grant_next(now, gone or waiting is not None)
            return Grant(GrantState.IMPOSSIBLE, lacking=tuple(never))
        # What all others that wait want is kept for them.
        contested = [name for name in weights if weights[name] > self._free(name) - self._wanted(name)]
        if now < self._stale and not closed and not contested:
            self._grant(now, asked)
            self._grant_next(now, gone)
            return self._held[wanted.id].grant()
        self._asked[wanted.id] = replace(asked, patient_until=now + ttl)
        self._grant_next(now, gone or waiting is None)
        if wanted.id in self._held:
            return self._held[wanted.id].grant()
        if now >= self._stale or closed:
            return Grant(GrantState.CLOSED, lacking=tuple(closed))
        return Grant(GrantState.WAITING, lacking=self._lacking(asked))

    def renew(self, now: int, lease_id: str, fence: int, ttl: int) -> Renewal:
        """See `Leases.renew`."""
        self._grant_next(now, self._reap(now))
        held = self._held.get(lease_id)
        if held is None or held.fence != fence:
            return Renewal.EXPIRED
        self._held[lease_id] = replace(held, expires=now + ttl)
        if held.asked_back:
            return Renewal.ASKED_BACK
        return Renewal.YIELD if self._yields(now, held) else Renewal.RENEWED

    def ask_back(self, now: int, lease_id: str) -> bool:
        """See `Leases.ask_back`."""
        self._grant_next(now, self._reap(now))
        held = self._held.get(lease_id)
        if held is None or not held.wanted.lasting:
            return False
        self._held[lease_id] = replace(held, asked_back=True)
        return True

    def release(self, now: int, lease_id: str, fence: int) -> bool:
        """See `Leases.release`."""
        gone = self._reap(now)
        held = self._held.get(lease_id)
        ours = held is not None and held.fence == fence
        if ours:
            del self._held[lease_id]
        self._grant_next(now, gone or ours)
        return ours

    def withdraw(self, now: int, lease_id: str) -> None:
        """See `Leases.withdraw`."""
        gone = self._reap(now)
        asked, held = self._asked.pop(lease_id, None), self._held.pop(lease_id, None)
        self._grant_next(now, gone or asked is not None or held is not None)

    def publish(self, now: int, capacities: Mapping[str, Capacity], measured: int, stale: int) -> None:
        """See `Leases.publish`."""
        self._reap(now)
        if measured >= self._measured:
            self._ended = [ended for ended in self._ended if ended.at > measured]
            self._capacities = dict(capacities)
            self._measured, self._stale = measured, min(measured, now) + stale
        self._grant_next(now, somebody_left=True)

    def held(self, now: int) -> tuple[int, dict[int, dict[str, int]]]:
        """See `Leases.held`."""
        at = max(now, self._looked + 1)
        self._grant_next(now, self._reap(now))
        self._looked = at
        if now < self._time:
            self._set_back(now)
        self._time = now
        covered: dict[int, dict[str, int]] = {}
        for held in self._held.values():
            of_process = covered.setdefault(held.wanted.pid, {})
            for name, amount in held.wanted.weights.items():
                of_process[name] = of_process.get(name, 0) + amount
        return at, covered

    def book(self, now: int) -> LeaseBook:
        """See `Leases.book`."""
        self._grant_next(now, self._reap(now))
        return LeaseBook(
            self.machine,
            now / SECOND,
            now < self._stale,
            {name: ResourceUse(self._capacity(name), self._leased(name), self._ending(name)) for name in self._names()},
            tuple(held.lease(yield_wanted=self._yields(now, held)) for held in self._in_order()),
            tuple(asked.waiting() for asked in self._queue()),
        )

    @property
    def published_at(self) -> int:
        """When the capacities that count were measured; 0 before there are any."""
        return self._measured

    def _lacking(self, asked: Asked) -> tuple[str, ...]:
        weights = asked.wanted.weights
        lacking = [name for name in weights if weights[name] > self._free(name)]
        others = [name for name in weights if weights[name] > self._free(name) - self._wanted(name) + weights[name]]
        return tuple(lacking or others)

    def _reap(self, now: int) -> bool:
        for lease_id, held in list(self._held.items()):
            if held.expires <= now:
                del self._held[lease_id]
                # Later than the last look at who holds what: that look has taken it for living.
                self._ended.append(Ended(held.wanted.weights, max(now, self._looked + 1)))
        impatient = [lease_id for lease_id, asked in self._asked.items() if asked.patient_until <= now]
        for lease_id in impatient:
            del self._asked[lease_id]
        return bool(impatient)

    def _set_back(self, now: int) -> None:
        """The clock was set back: nobody lives longer for it, and those who wait stay before those who ask from now on."""
        self._stale -= self._time - now
        for lease_id, held in self._held.items():
            self._held[lease_id] = replace(held, expires=min(held.expires, now + held.ttl))
        back = max((asked.since for asked in self._asked.values()), default=now) - now
        for lease_id, asked in self._asked.items():
            since = asked.since - back if asked.since > now else asked.since
            self._asked[lease_id] = replace(asked, since=since, patient_until=min(asked.patient_until, now + asked.ttl))

    def _grant(self, now: int, asked: Asked) -> None:
        self._fence = max(self._fence + 1, now)
        self._held[asked.wanted.id] = Held(asked.wanted, self._fence, asked.since, now, now + asked.ttl, asked.ttl)

    def _grant_next(self, now: int, somebody_left: bool) -> None:  # noqa: FBT001 - what the caller has found out
        if not somebody_left or now >= self._stale:
            return
        kept: dict[str, int] = {}
        looked = keeping = 0
        for asked in self._queue():
            if looked == LOOKED or keeping == KEEPING:
                return
            weights = asked.wanted.weights
            if self._fits(weights, lambda name: self._free(name) - kept.get(name, 0)):
                del self._asked[asked.wanted.id]
                self._grant(now, asked)
                self.granted.append(asked.wanted.id)
                continue
            looked += 1
            # One that would not fit though all that is held for a while were given back keeps nothing from those behind.
            if self._fits(weights, lambda name: self._budget_left(name) - self._lasting(name)):
                keeping += 1
                for name, amount in weights.items():
                    kept[name] = kept.get(name, 0) + amount

    def _fits(self, weights: Mapping[str, int], room: Callable[[str], int]) -> bool:
        return all(not self._capacity(name).failure and amount <= room(name) for name, amount in weights.items())

    def _yields(self, now: int, held: Held) -> bool:
        # What is held between pieces of work makes way for any class.
        rank = len(RANKS) if held.wanted.lasting else RANKS[held.wanted.priority]
        for name in held.wanted.weights if now < self._stale else ():
            better = self._wanted(name, better_than=rank)
            if better and not self._capacity(name).failure and better > self._free(name):
                return True
        return False

    def _in_order(self) -> list[Held]:
        return sorted(self._held.values(), key=lambda held: held.fence)

    def _queue(self) -> list[Asked]:
        return sorted(self._asked.values(), key=lambda asked: asked.place)

    def _exceeds(self, name: str, amount: int) -> bool:
        capacity = self._capacity(name)
        return not capacity.failure and amount > capacity.budget

    def _capacity(self, name: str) -> Capacity:
        return self._capacities.get(name, MISSING)

    def _free(self, name: str) -> int:
        return self._budget_left(name) - self._leased(name) - self._ending(name)

    def _budget_left(self, name: str) -> int:
        return self._capacity(name).budget - self._capacity(name).outside

    def _leased(self, name: str) -> int:
        return sum(held.wanted.weights.get(name, 0) for held in self._held.values())

    def _lasting(self, name: str) -> int:
        return sum(held.wanted.weights.get(name, 0) for held in self._held.values() if held.wanted.lasting)

    def _ending(self, name: str) -> int:
        return sum(ended.weights.get(name, 0) for ended in self._ended)

    def _wanted(self, name: str, better_than: int = len(RANKS)) -> int:
        waiting = (asked.wanted for asked in self._asked.values() if RANKS[asked.wanted.priority] < better_than)
        return sum(wanted.weights.get(name, 0) for wanted in waiting)

    def _names(self) -> list[str]:
        return sorted({*self._capacities, *self._claimed()})

    def _claimed(self) -> Iterator[str]:
        for weights in (
            *(held.wanted.weights for held in self._held.values()),
            *(asked.wanted.weights for asked in self._asked.values()),
            *(ended.weights for ended in self._ended),
        ):
            yield from weights
