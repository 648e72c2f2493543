"""What single processes use: ours, those on accelerators, and the few others that use the most memory."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePath

import psutil

from janus_lab.values.machine import ProcessUse

HEAVIEST = 5
"""So many of the others are shown."""
_LOOK_SECONDS = 10.0
"""How often all processes are looked through for the heaviest; that costs more than everything else."""
_SHOW_SECONDS = 2.0
"""How often those are measured, which nothing but a board needs."""
_NAME_CHARACTERS = 80


class Processes:
    """Remembers processes from one look to the next, for their names and their processor time."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._heaviest: list[int] = []
        self._looked_at = float("-inf")
        self._shown: tuple[ProcessUse, ...] = ()
        self._shown_at = float("-inf")

    def measure(self, ours: Collection[int], vram: Mapping[int, Mapping[str, int]]) -> tuple[ProcessUse, ...]:
        """Ours first, then everybody of `vram` (bytes by process id and device), then the heaviest others, as of late."""
        now = time.monotonic()
        if now - self._looked_at > _LOOK_SECONDS:
            self._looked_at, self._shown_at = now, float("-inf")
            self._heaviest = _heaviest()
        wanted = dict.fromkeys([*ours, *vram])
        found = self._uses(wanted, ours, vram)
        if now - self._shown_at > _SHOW_SECONDS:
            self._shown_at = now
            self._shown = self._uses(dict.fromkeys(self._heaviest), (), {})
        living = {*wanted, *self._heaviest}
        self._known = {pid: known for pid, known in self._known.items() if pid in living}
        return (*found, *(use for use in self._shown if use.pid not in wanted))

    def _uses(
        self, wanted: Iterable[int], ours: Collection[int], vram: Mapping[int, Mapping[str, int]]
    ) -> tuple[ProcessUse, ...]:
        found = []
        for pid in wanted:
            known = self._find(pid)
            if known is not None:
                self._known[pid] = known
                found.append(known.use(vram.get(pid, {}), ours=pid in ours))
            elif pid in vram:
                # Somebody whom we may not see, or in another container.
                found.append(ProcessUse(pid, "", vram=vram[pid]))
        return tuple(found)

    def _find(self, pid: int) -> _Known | None:
        known = self._known.get(pid)
        if known is not None and known.process.is_running():
            return known
        try:
            return _Known(psutil.Process(pid))
        except psutil.Error:
            return None


class _Known:
    def __init__(self, process: psutil.Process) -> None:
        self.process = process
        self._name = _name(process)
        self._before: tuple[float, float] | None = None

    def use(self, vram: Mapping[str, int], *, ours: bool) -> ProcessUse:
        try:
            with self.process.oneshot():
                ram, cpu = private_memory(self.process), self._processors()
        except psutil.Error:
            ram, cpu = 0, 0.0  # it has just ended, or is somebody's whom we may not look at
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


def _heaviest() -> list[int]:
    if sys.platform == "darwin":
        return []  # other people's processes tell nothing there, and each question is dear
    sizes = []
    for pid in psutil.pids():
        try:
            sizes.append((private_memory(psutil.Process(pid)), pid))
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
