"""How many threads a model computes with, and that waiting threads rest."""

from __future__ import annotations

import os

import psutil

from janus_lab.adapters.probe.cgroup import ControlGroups


def model_threads(wanted: int, groups: ControlGroups | None = None) -> int:
    """`wanted`, or for 0 one a physical core, and never more than this process may run on: a container's share counts."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = (groups or ControlGroups()).processors()
    if share is not None:
        allowed = min(allowed, int(share))
    return max(1, min(wanted or psutil.cpu_count(logical=False) or allowed, allowed))


def rest_while_waiting() -> None:
    """Let OpenMP's idle threads sleep; it reads this once, when it is loaded, so call it before a driver's import."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
