"""Amounts that can be counted exactly, and times in whole microseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from janus_lab.errors import Defect
from janus_lab.values.lease import Capacity, LeaseRequest

LARGEST = 2**53
"""Larger numbers are not exact in a script."""


def claiming(wanted: LeaseRequest) -> LeaseRequest:
    """The request without the resources of which it wants nothing. Raises Defect for weights that are no amounts."""
    for name, amount in wanted.weights.items():
        if not 0 <= amount < LARGEST:
            raise Defect(f"{amount} of {name} can't be leased", remedy="report this with what was being done")
    if all(wanted.weights.values()):
        return wanted
    return replace(wanted, weights={name: amount for name, amount in wanted.weights.items() if amount})


def countable(capacities: Mapping[str, Capacity]) -> dict[str, Capacity]:
    """The same with whole amounts, none below 0: a headroom may be larger than a machine."""
    return {
        name: Capacity(max(0, int(capacity.budget)), max(0, int(capacity.outside)), capacity.failure)
        for name, capacity in capacities.items()
    }


def microseconds(seconds: float) -> int:
    """At least one."""
    return max(1, round(seconds * 1_000_000))
