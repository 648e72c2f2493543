"""Having memory given back that is held between pieces of work, such as a loaded model's, whoever holds it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from janus_lab.ports.leases import Leases

_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Recalled:
    """How many leases were asked back, and how many of those are held still: what they cover is in use."""

    asked: int
    held: int


def recall(
    leases: Leases,
    machines: Collection[str],
    purpose: str,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Recalled:
    """Ask back every lasting lease of that purpose on these machines, and wait for so long at most until all are given back.

    Their holders hear of it when they next renew, in a quarter of a lease's life; a model that is in use is unloaded after it.
    Raises StoreUnreachable.
    """
    asked = {held for held in _held(leases, machines, purpose) if leases.ask_back(*held)}
    until = clock() + seconds
    left = asked
    while left and clock() < until:
        sleep(_LOOK_SECONDS)
        left = asked & _held(leases, machines, purpose)
    return Recalled(len(asked), len(left))


def _held(leases: Leases, machines: Collection[str], purpose: str) -> set[tuple[str, str]]:
    """Machines and ids of the lasting leases of that purpose."""
    return {
        (machine, lease.request.id)
        for machine in machines
        for lease in leases.book(machine).leases
        if lease.request.lasting and lease.request.purpose == purpose
    }
