"""What a process that died on this machine still holds, given to others before its time to live is over."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from janus_lab.ports.leases import Leases

_log = structlog.get_logger(__name__)


def reclaim(leases: Leases, machine: str, *, neighbourhood: str, alive: Callable[[int], bool]) -> int:
    """Give back the leases of processes that are gone; how many.

    Process ids mean something within one `neighbourhood` only (a container has its own), which holders' names end with; of
    others' it is not known whether they live, and their leases expire by themselves. A process that has ended holds no
    memory any more, so that what it had is free at once.
    """
    gone = [
        lease
        for lease in leases.book(machine).leases
        if lease.request.holder.endswith(f":{neighbourhood}") and not alive(lease.request.pid)
    ]
    for lease in gone:
        leases.release(machine, lease.request.id, lease.fence)
        _log.info("dead-holders-lease-freed", holder=lease.request.holder, purpose=lease.request.purpose)
    return len(gone)
