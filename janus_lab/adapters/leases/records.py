"""Requests, leases and resources as the scripts in `lua/` keep them: one line of numbers, one of weights, one for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from urllib.parse import quote, unquote

from janus_lab.values.lease import Capacity, Lease, LeaseRequest, ResourceUse, Waiting
from janus_lab.values.run import Priority

SECOND = 1_000_000
"""The scripts count in microseconds."""
CLASSES = tuple(Priority)


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
    return json.dumps([wanted.holder, wanted.purpose, wanted.run_id, wanted.step, wanted.cell])


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
        pid, _, packed = line.partition(" ")
        of_process = found.setdefault(int(pid), {})
        for resource, amount in weights(packed).items():
            of_process[resource] = of_process.get(resource, 0) + amount
    return found


class Stock:
    """A resource as the server has it, with what waiting requests want of it by class."""

    def __init__(self, packed: str) -> None:
        *numbers, failure = packed.split(" ", 8)
        budget, outside, self.leased, self.ending, self.lasting, *self.wanted = map(int, numbers)
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
    """Every resource, without the machine's facts."""
    return {name(field): Stock(packed) for field, packed in sorted(fields.items()) if not field.startswith("@")}


def leases(
    records: Mapping[str, str], expiry: Mapping[str, int], resources: Mapping[str, Stock], *, is_open: bool
) -> Iterator[Lease]:
    """What is held, oldest first."""
    for lease_id, record in records.items():
        fence, granted, asked = record.split(" ", 2)
        wanted, since = request(lease_id, asked)
        rank = CLASSES.index(wanted.priority)
        yield Lease(
            wanted,
            int(fence),
            int(granted) / SECOND,
            expiry[lease_id] / SECOND,
            (int(granted) - since) / SECOND,
            is_open and any(resources[resource].wanted_from(rank) for resource in wanted.weights),
        )


def waiting(ids: Iterable[str], records: Mapping[str, str]) -> Iterator[Waiting]:
    """Who waits, in order."""
    for lease_id in ids:
        wanted, since = request(lease_id, records[lease_id])
        yield Waiting(wanted, since / SECOND)


def request(lease_id: str, record: str) -> tuple[LeaseRequest, int]:
    """A request and when it was first made, in microseconds."""
    numbers, packed, details = record.split("\n", 2)
    rank, lasting, pid, since, _ = map(int, numbers.split(" "))
    holder, purpose, run_id, step, cell = json.loads(details)
    wanted = LeaseRequest(
        lease_id,
        weights(packed),
        CLASSES[rank],
        holder,
        purpose,
        pid=pid,
        run_id=run_id,
        step=step,
        cell=cell,
        lasting=bool(lasting),
    )
    return wanted, since
