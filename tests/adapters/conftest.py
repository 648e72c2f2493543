"""Disks to fill and to lock: small file systems of their own, where this machine lets us mount them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Disk = tuple[Path, Callable[[], None]]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Disk]]:
    """Mounts a file system of so much ("2m"): its folder, and a function that makes it read-only."""
    mounted: list[Path] = []

    def mount(size: str) -> Disk:
        place = tmp_path / "disk"
        place.mkdir()
        _or_skip("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place))
        mounted.append(place)
        return place, lambda: _or_skip("mount", "-o", "remount,ro", str(place))

    yield mount
    for place in mounted:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def _or_skip(*command: str) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]} here")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small file system can't be mounted here: {done.stderr.strip()}")
