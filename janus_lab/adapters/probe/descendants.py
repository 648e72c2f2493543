"""What a process has started, and what that has."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

import psutil


def descendants(pid: int, but: Collection[int]) -> list[int]:
    """Everything that descends from a process now, without those `but` and what only they have started."""
    found: list[int] = []
    pending = [pid]
    while pending:
        children = [child for child in _children(pending.pop()) if child not in but]
        found += children
        pending += children
    return found


def _children(pid: int) -> Iterator[int]:
    """The children of each thread, where Linux keeps them; elsewhere all processes must be looked through."""
    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
        with suppress(psutil.Error):
            yield from (child.pid for child in psutil.Process(pid).children())
        return
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            yield from map(int, (task / "children").read_text(encoding="ascii").split())
