"""Having memory given back that is held between pieces of work, such as a loaded model's, whoever holds it."""

from __future__ import annotations

import time
from collections.abc import Callable
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
    machine: str,
    purpose: str,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Recalled:
    """Ask back every lasting lease of that purpose on a machine, and wait for so long at most until all are given back.

    Their holders hear of it when they next renew, in a quarter of a lease's life; a model that is in use is unloaded after it.
    Raises StoreUnreachable.
    """
    ids = {
        lease.request.id
        for lease in leases.book(machine).leases
        if lease.request.lasting and lease.request.purpose == purpose
    }
    asked = {lease_id for lease_id in ids if leases.ask_back(machine, lease_id)}
    until = clock() + seconds
    left = asked
    while left and clock() < until:
        sleep(_LOOK_SECONDS)
        left = asked & {lease.request.id for lease in leases.book(machine).leases}
    return Recalled(len(asked), len(left))
