"""How many threads a model computes with, and that waiting threads rest."""

from __future__ import annotations

import os

import psutil

from janus_lab.adapters.probe.cgroup import ControlGroups

AT_REST = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "3000"}
"""Threads that wait for one another sleep, after some microseconds.

Turning in circles all the time they are many times slower wherever others compute too; asleep at once, each of the hundreds of
steps of one batch costs two system calls, which was measured to take two fifths of the time.
"""


def model_threads(wanted: int, groups: ControlGroups | None = None) -> int:
    """`wanted`, or for 0 one a physical core, and never more than this process may run on: a container's share counts."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = (groups or ControlGroups()).processors()
    if share is not None:
        allowed = min(allowed, int(share))
    return max(1, min(wanted or psutil.cpu_count(logical=False) or allowed, allowed))


def rest_while_waiting() -> None:
    """Have OpenMP's threads rest as `AT_REST` says; it reads this once, when it is loaded, so call it before a driver's import."""
    for name, value in AT_REST.items():
        os.environ.setdefault(name, value)
