"""Admission on leases in memory, of a machine with as much as a test says."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from janus_lab.adapters.leases.memory import MemoryLeases
from janus_lab.ports.leases import Leases
from janus_lab.scheduler.admission import Admission
from janus_lab.values.lease import CPU, RAM, Capacity

MACHINE = "here"
PLENTY = {RAM: 10**12, CPU: 1000}


def leases_over(budgets: Mapping[str, int] = PLENTY) -> MemoryLeases:
    """Leases of a machine that was measured and stays as it is for an hour."""
    leases = MemoryLeases()
    publish(leases, budgets)
    return leases


def publish(leases: Leases, budgets: Mapping[str, int]) -> None:
    at, _ = leases.held(MACHINE)
    capacities = {name: Capacity(budget) for name, budget in budgets.items()}
    leases.publish(MACHINE, capacities, measured_at=at, stale_seconds=3600.0)


@contextmanager
def admission_over(leases: Leases | None = None, *, ttl_seconds: float = 10.0) -> Iterator[Admission]:
    admission = Admission(
        leases or leases_over(), machine=MACHINE, holder=f"test:{time.monotonic_ns()}", ttl_seconds=ttl_seconds
    )
    try:
        yield admission
    finally:
        admission.close()
