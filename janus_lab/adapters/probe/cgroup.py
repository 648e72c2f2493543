"""What a container may use: the limits of this process's control groups, and what counts against them (Linux, versions 1 and 2)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_RECLAIMABLE = ("inactive_file", "active_file", "slab_reclaimable")
"""Pages that the kernel gives to whoever needs memory: copies of files, and what it remembers of folders."""
_UNLIMITED = 1 << 60
"""Version 1 says "no limit" as the largest number of whole pages."""
_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class MemoryLevel:
    """Bytes that one level allows, and those of them that are used and can't be reclaimed."""

    total: int
    used: int


class ControlGroups:
    """The groups that this process is in, found once; `root` is where the file system begins."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        places = _places(root)
        unified = places.get("")
        self._memory = _Memory2(unified) if unified and _controls(unified, "memory") else None
        self._memory1 = _Memory1(places["memory"]) if self._memory is None and "memory" in places else None
        self._cpu2 = unified if unified and _controls(unified, "cpu") else ()
        self._cpu1 = places.get("cpu", ()) if not self._cpu2 else ()
        self._usage1 = places.get("cpuacct", ())

    def memory(self) -> list[MemoryLevel]:
        """Levels that have a limit, this process's own first."""
        found = self._memory or self._memory1
        return list(found.levels()) if found is not None else []

    def processors(self) -> float | None:
        """How many processors' time it may use; None: no limit."""
        shares = [share for folder in self._cpu2 if (share := _share2(folder)) is not None]
        shares += [share for folder in self._cpu1 if (share := _share1(folder)) is not None]
        return min(shares, default=None)

    def processor_seconds(self) -> float | None:
        """Processor time that everything in this process's group has used; None where it is not told."""
        if self._cpu2:
            micros = _fields(self._cpu2[0] / "cpu.stat").get("usage_usec")
            return None if micros is None else micros / 1e6
        nanos = _number(self._usage1[0] / "cpuacct.usage") if self._usage1 else None
        return None if nanos is None else nanos / 1e9


@dataclass(frozen=True, slots=True)
class _Memory2:
    folders: tuple[Path, ...]

    def levels(self) -> Iterator[MemoryLevel]:
        for folder in self.folders:
            limits = [_number(folder / name) for name in ("memory.max", "memory.high")]
            known = [limit for limit in limits if limit is not None]
            used = _number(folder / "memory.current") if known else None
            if used is not None:
                facts = _fields(folder / "memory.stat")
                yield MemoryLevel(min(known), max(0, used - sum(facts.get(name, 0) for name in _RECLAIMABLE)))


@dataclass(frozen=True, slots=True)
class _Memory1:
    folders: tuple[Path, ...]

    def levels(self) -> Iterator[MemoryLevel]:
        for folder in self.folders:
            limit = _number(folder / "memory.limit_in_bytes")
            used = _number(folder / "memory.usage_in_bytes") if limit is not None and limit < _UNLIMITED else None
            if limit is not None and used is not None:
                facts = _fields(folder / "memory.stat")
                yield MemoryLevel(limit, max(0, used - sum(facts.get(f"total_{name}", 0) for name in _RECLAIMABLE)))


def _places(root: Path) -> dict[str, tuple[Path, ...]]:
    """By controller ("" for version 2) this process's folder and those above it, as far as they can be seen."""
    mounts = _mounts(root)
    places: dict[str, tuple[Path, ...]] = {}
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        for controller in controllers.split(",") if controllers else [""] * (number == "0"):
            if controller in mounts:
                places[controller] = _chain(root, *mounts[controller], path)
    return places


def _chain(root: Path, mount: str, mounted: str, path: str) -> tuple[Path, ...]:
    """The folder of group `path` and those above it, below where `mounted` is to be seen; a hidden one is left out."""
    top = root / mount.lstrip("/")
    own = PurePosixPath(path)
    below = own.relative_to(mounted) if own.is_relative_to(mounted) else PurePosixPath()
    folder = top / below if ".." not in below.parts else top
    if not folder.is_dir():
        folder = top
    chain = [folder]
    while chain[-1] != top:
        chain.append(chain[-1].parent)
    return tuple(chain)


def _mounts(root: Path) -> dict[str, tuple[str, str]]:
    """By controller ("" for version 2) where its file system is mounted, and which of its folders."""
    found: dict[str, tuple[str, str]] = {}
    for line in _text(root / "proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        mounted, mount = before.split(" ")[3:5]
        if kind == "cgroup2":
            found[""] = (mount, mounted)
        elif kind == "cgroup":
            found |= dict.fromkeys(options.split(","), (mount, mounted))
    return found


def _controls(folders: tuple[Path, ...], controller: str) -> bool:
    return any(controller in _text(folder / "cgroup.controllers").split() for folder in folders)


def _share2(folder: Path) -> float | None:
    quota, _, period = _text(folder / "cpu.max").strip().partition(" ")
    return int(quota) / int(period) if quota.isdigit() and period else None


def _share1(folder: Path) -> float | None:
    quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
    return quota / period if quota and period and quota > 0 else None


def _fields(path: Path) -> dict[str, int]:
    lines = (line.partition(" ") for line in _text(path).splitlines())
    return {name: int(value) for name, _, value in lines if value.isdigit()}


def _number(path: Path) -> int | None:
    """The number in a file; None where there is none, as for "max"."""
    text = _text(path).strip()
    return int(text) if text.lstrip("-").isdigit() else None


def _text(path: Path) -> str:
    """A small file of the kernel's, read at every look: in one go, without a file object."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""  # a level that has no such file sets no such limit
    try:
        return b"".join(iter(lambda: os.read(file, _PIECE_BYTES), b"")).decode(errors="replace")
    except OSError:
        return ""
    finally:
        os.close(file)
