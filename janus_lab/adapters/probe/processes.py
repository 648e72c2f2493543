"""What single processes use: ours, those on accelerators, and the few others that use the most memory."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import PurePath

import psutil

from janus_lab.adapters.probe.descendants import descendants
from janus_lab.values.machine import ProcessUse

HEAVIEST = 5
"""So many of the others are shown."""
_LOOK_SECONDS = 10.0
"""How often all processes are looked through for the heaviest; that costs more than everything else."""
_REFRESH_SECONDS = 2.0
"""How often those are measured, which nothing but a board needs, and how often it is looked what ours have started."""
_NAME_CHARACTERS = 80


class Processes:
    """Remembers processes from one look to the next, for their names and their processor time."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._heaviest: list[int] = []
        self._looked_at = self._refreshed_at = float("-inf")
        self._shown: tuple[ProcessUse, ...] = ()
        self._started: dict[int, list[int]] = {}

    def measure(self, ours: Collection[int], vram: Mapping[int, Mapping[str, int]]) -> tuple[ProcessUse, ...]:
        """Ours first, then everybody of `vram` (bytes by process id and device), then the heaviest others, as of late.

        What ours have started, as a model's server, is told as theirs: their leases cover it.
        """
        now = time.monotonic()
        if now - self._looked_at > _LOOK_SECONDS:
            self._looked_at, self._refreshed_at = now, float("-inf")
            self._heaviest = _heaviest()
        late = now - self._refreshed_at > _REFRESH_SECONDS
        if late:
            # Somebody else may have the number of one that has ended; no system gives it away sooner.
            self._known = {pid: known for pid, known in self._known.items() if known.process.is_running()}
        if late or set(ours) != self._started.keys():
            self._started = {pid: descendants(pid, ours) for pid in ours}
        theirs = {pid for below in self._started.values() for pid in below}
        wanted = [pid for pid in dict.fromkeys([*ours, *vram]) if pid not in theirs]
        found = self._measured(wanted, ours, vram)
        if late:
            self._refreshed_at = now
            self._shown = self._measured([pid for pid in self._heaviest if pid not in theirs], (), {})
        told = {*wanted, *theirs}
        living = {*told, *self._heaviest}
        self._known = {pid: known for pid, known in self._known.items() if pid in living}
        return (*found, *(use for use in self._shown if use.pid not in told))

    def _measured(
        self, pids: Iterable[int], ours: Collection[int], vram: Mapping[int, Mapping[str, int]]
    ) -> tuple[ProcessUse, ...]:
        found = []
        for pid in pids:
            use = self._use(pid, vram, ours=pid in ours)
            if use is not None:
                below = self._started.get(pid, ()) if pid in ours else ()
                others = (self._use(child, vram, ours=True) for child in below)
                found.append(reduce(_and, (other for other in others if other is not None), use))
            elif pid in vram:
                # Somebody whom we may not see, or in another container.
                found.append(ProcessUse(pid, "", vram=vram[pid]))
        return tuple(found)

    def _use(self, pid: int, vram: Mapping[int, Mapping[str, int]], *, ours: bool) -> ProcessUse | None:
        """What it uses; None once it has ended."""
        try:
            if pid not in self._known:
                self._known[pid] = _Known(psutil.Process(pid))
            return self._known[pid].use(vram.get(pid, {}), ours=ours)
        except psutil.Error:
            self._known.pop(pid, None)
            return None


class _Known:
    def __init__(self, process: psutil.Process) -> None:
        self.process = process
        self._name = _name(process)
        self._before: tuple[float, float] | None = None

    def use(self, vram: Mapping[str, int], *, ours: bool) -> ProcessUse:
        """Raises psutil.NoSuchProcess once it has ended."""
        try:
            with self.process.oneshot():
                ram, cpu = private_memory(self.process), self._processors()
        except (psutil.AccessDenied, psutil.ZombieProcess):
            ram, cpu = 0, 0.0  # it is somebody's whom we may not look at, or nobody has asked yet how it ended
        return ProcessUse(self.process.pid, self._name, ram=ram, vram=dict(vram), ours=ours, cpu=cpu)

    def _processors(self) -> float:
        times = self.process.cpu_times()
        now, used = time.monotonic(), float(times.user + times.system)
        before, self._before = self._before, (now, used)
        if before is None or now <= before[0]:
            return 0.0
        return round(max(0.0, (used - before[1]) / (now - before[0])), 3)


def private_memory(process: psutil.Process) -> int:
    """Bytes that are this process's alone. Files that it maps, as models' weights, are the kernel's copies, and anybody's."""
    if sys.platform == "darwin":
        return int(process.memory_full_info().uss)
    memory = process.memory_info()
    return int(memory.rss - getattr(memory, "shared", 0))


def _and(first: ProcessUse, other: ProcessUse) -> ProcessUse:
    """The first one with what the other uses."""
    vram = {name: first.vram.get(name, 0) + other.vram.get(name, 0) for name in (*first.vram, *other.vram)}
    return replace(first, ram=first.ram + other.ram, vram=vram, cpu=round(first.cpu + other.cpu, 3))


def _heaviest() -> list[int]:
    if sys.platform == "darwin":
        return []  # other people's processes tell nothing there, and each question is dear
    sizes = []
    for process in psutil.process_iter():  # it keeps those that it has found before: half as dear as finding each anew
        try:
            sizes.append((private_memory(process), process.pid))
        except psutil.Error:
            continue
    return [pid for _, pid in sorted(sizes, reverse=True)[:HEAVIEST]]


def _name(process: psutil.Process) -> str:
    """What it calls itself; of Python the module or the script. No other arguments: they may hold a password."""
    try:
        name, line = str(process.name()), process.cmdline()
    except psutil.Error:
        return ""
    if name.lower().startswith("python"):
        name = f"{name} {_program(line[1:])}".rstrip()
    return name[:_NAME_CHARACTERS]


def _program(arguments: Sequence[str]) -> str:
    """Which program an interpreter runs, by its arguments; "" for one that was typed in."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "-m":
            return f"-m {next(rest, '')}"
        if argument == "-c":
            return ""
        if argument in {"-W", "-X"}:
            next(rest, None)
        elif not argument.startswith("-"):
            return PurePath(argument).name
    return ""
