"""Main memory and processors: the machine's, or what a container leaves of them."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import psutil

from janus_lab.adapters.probe.cgroup import ControlGroups, MemoryLevel

_SHORTEST_SECONDS = 0.05
"""Processor time is counted in hundredths; over less than this a load means nothing."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that may be used and those that are; `limited` by a control group."""

    total: int
    used: int
    limited: bool


def measure_memory(groups: ControlGroups) -> Memory:
    """What is scarcest counts: a container's limit, one around it, or what the machine has left."""
    whole = psutil.virtual_memory()
    levels = [MemoryLevel(whole.total, whole.total - whole.available), *groups.memory()]
    total = min(level.total for level in levels)
    left = min(level.total - level.used for level in levels)
    return Memory(total, total - max(0, left), limited=total < whole.total)


class Processors:
    """How many processors may be used, and how busy they are since it was asked last."""

    def __init__(self, groups: ControlGroups) -> None:
        self._groups = groups
        self._before = (time.monotonic(), self._busy(limited=self._count()[1]))
        self._load = 0.0

    def measure(self) -> tuple[float, float, bool]:
        """Processors, their load 0–1, and whether a control group limits them."""
        count, limited = self._count()
        now, (began, before) = time.monotonic(), self._before
        if now - began >= _SHORTEST_SECONDS:
            busy = self._busy(limited=limited)
            self._load = min(1.0, max(0.0, (busy - before) / (now - began) / count))
            self._before = now, busy
        return count, self._load, limited

    def _count(self) -> tuple[float, bool]:
        allowed = len(_allowed())
        share = self._groups.processors()
        return (share, True) if share is not None and share < allowed else (float(allowed), False)

    def _busy(self, *, limited: bool) -> float:
        """Seconds of processor time that whoever shares our processors has used so far."""
        if limited and (ours := self._groups.processor_seconds()) is not None:
            return ours
        every = psutil.cpu_times(percpu=True)
        return float(sum(_busy_seconds(every[n]) for n in _allowed() if n < len(every)))


def _allowed() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(psutil.cpu_count() or 1))


def _busy_seconds(times: object) -> float:
    # A guest's time is part of user time.
    return float(sum(getattr(times, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq", "steal")))
