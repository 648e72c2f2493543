"""Admission on leases in memory, of a machine with as much as a test says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from janus_lab.adapters.leases.memory import MemoryLeases
from janus_lab.ports.leases import Leases
from janus_lab.scheduler.admission import Admission
from janus_lab.values.lease import CPU, RAM, Capacity

MACHINE = "here"
PLENTY = {RAM: 10**12, CPU: 1000}


class Turned:
    """A clock that only a test turns, for leases and admission alike: what lives until then lives however slow the machine is."""

    def __init__(self) -> None:
        self.now = 1_795_366_353.0

    def __call__(self) -> float:
        return self.now


def leases_over(budgets: Mapping[str, int] = PLENTY, clock: Callable[[], float] = time.time) -> MemoryLeases:
    """Leases of a machine that was measured and stays as it is for an hour."""
    leases = MemoryLeases(clock)
    publish(leases, budgets)
    return leases


def publish(leases: Leases, budgets: Mapping[str, int]) -> None:
    at, _ = leases.held(MACHINE)
    capacities = {name: Capacity(budget) for name, budget in budgets.items()}
    leases.publish(MACHINE, capacities, measured_at=at, stale_seconds=3600.0)


@contextmanager
def admission_over(
    leases: Leases | None = None, *, ttl_seconds: float = 120.0, clock: Callable[[], float] = time.monotonic
) -> Iterator[Admission]:
    admission = Admission(
        leases or leases_over(),
        machine=MACHINE,
        holder=f"test:{time.monotonic_ns()}",
        ttl_seconds=ttl_seconds,
        clock=clock,
    )
    try:
        yield admission
    finally:
        admission.close()
