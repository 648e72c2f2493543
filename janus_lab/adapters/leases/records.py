"""Requests, leases and resources as the scripts in `lua/` keep them: one line of numbers, one of weights, one for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from urllib.parse import quote, unquote

from janus_lab.adapters.leases.entries import SECOND
from janus_lab.values.lease import Capacity, Lease, LeaseRequest, ResourceUse, Waiting
from janus_lab.values.run import Priority

CLASSES = tuple(Priority)
_ASKED_BACK = 2
"""What stands for a lasting lease that was asked back."""
_REMEMBERED = 4096
"""So many texts of leases are kept as they were read: boards and samplers read the same ones again and again."""
_quoted = json.encoder.encode_basestring_ascii


@cache
def packed_name(resource: str) -> str:
    """A resource's name without blanks."""
    return quote(resource, safe=":._-/")


def name(packed: str) -> str:
    """The other way round."""
    return unquote(packed)


def packed_weights(weights: Mapping[str, int]) -> str:
    """As `ram 100 cpu 2`."""
    return " ".join(f"{packed_name(resource)} {amount}" for resource, amount in weights.items())


def weights(packed: str) -> dict[str, int]:
    """The other way round."""
    words = iter(packed.split())
    return {unquote(resource): int(amount) for resource, amount in zip(words, words, strict=True)}


def packed_details(wanted: LeaseRequest) -> str:
    """What only people read."""
    told = map(_quoted, (wanted.holder, wanted.purpose, wanted.run_id, wanted.step, wanted.cell))
    return f"[{','.join(told)}]"


def packed_capacities(capacities: Mapping[str, Capacity]) -> str:
    """A line a resource."""
    return "".join(
        f"{packed_name(resource)} {capacity.budget} {capacity.outside} {quote(capacity.failure, safe='')}\n"
        for resource, capacity in capacities.items()
    )


def covered(lines: str) -> dict[int, dict[str, int]]:
    """What is leased by process and resource, from lines of a process id and weights."""
    found: dict[int, dict[str, int]] = {}
    for line in lines.splitlines():
        pid, held = _held(line)
        of_process = found.setdefault(pid, {})
        for resource, amount in held.items():
            of_process[resource] = of_process.get(resource, 0) + amount
    return found


@lru_cache(_REMEMBERED)
def _held(line: str) -> tuple[int, Mapping[str, int]]:
    pid, _, packed = line.partition(" ")
    return int(pid), weights(packed)


class Stock:
    """A resource as the server has it, with what waiting requests want of it by class."""

    def __init__(self, packed: str, leased: str) -> None:
        *numbers, failure = packed.split(" ", 7)
        budget, outside, self.ending, _lasting, *self.wanted = map(int, numbers)
        self.leased = int(leased.partition(" ")[0])
        self.capacity = Capacity(budget, outside, unquote(failure))

    @property
    def use(self) -> ResourceUse:
        """As people see it."""
        return ResourceUse(self.capacity, self.leased, self.ending)

    def wanted_from(self, rank: int) -> bool:
        """Whether better classes want more of it than is free."""
        better = sum(self.wanted[:rank])
        free = self.capacity.budget - self.capacity.outside - self.leased - self.ending
        return better > 0 and not self.capacity.failure and better > free


def stocks(fields: Mapping[str, str]) -> dict[str, Stock]:
    """Every resource. `=resource` begins with how much of it is leased, and `@…` are the machine's facts."""
    names = sorted(field for field in fields if not field.startswith(("@", "=")))
    return {name(field): Stock(fields[field], fields.get(f"={field}", "0")) for field in names}


class Record:
    """A request that waits, or the lease it became: `fence` is 0 while it waits."""

    def __init__(self, lease_id: str, packed: str) -> None:
        numbers, weights_line, details = packed.split("\n", 2)
        self.fence, self._granted, self._rank, lasting, pid, self._since, _ = map(int, numbers.split(" "))
        holder, purpose, run_id, step, cell = json.loads(details)
        self._request = LeaseRequest(
            lease_id,
            weights(weights_line),
            CLASSES[self._rank],
            holder,
            purpose,
            pid=pid,
            run_id=run_id,
            step=step,
            cell=cell,
            lasting=bool(lasting),
        )
        self._asked_back = lasting == _ASKED_BACK

    def waiting(self) -> Waiting:
        """As it waits."""
        return Waiting(self._request, self._since / SECOND)

    def lease(self, expires_at: float, stocks: Mapping[str, Stock]) -> Lease:
        """As it is held; `stocks` are the resources for whose sake it may be asked to yield."""
        rank = len(CLASSES) if self._request.lasting else self._rank
        return Lease(
            self._request,
            self.fence,
            self._granted / SECOND,
            expires_at,
            (self._granted - self._since) / SECOND,
            any(stocks[name].wanted_from(rank) for name in self._request.weights if name in stocks),
            self._asked_back,
        )


@lru_cache(_REMEMBERED)
def record(lease_id: str, packed: str) -> Record:
    """A request or lease, from what the server keeps of it. Whatever of it changes is kept elsewhere, or changes its text."""
    return Record(lease_id, packed)
