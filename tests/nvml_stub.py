"""NVIDIA's library, as far as `tests/nvml_stub.c` plays it: a real shared library, so that the driver's own parsing code runs."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_suffix(".c")
NAME = "libnvidia-ml.so.1"
WHOLE = "-"
GPU_IS_LOST, NO_PERMISSION, NOT_SUPPORTED, UNKNOWN, VERSION_MISMATCH = 15, 4, 3, 999, 18
UNTOLD = 2**64 - 1
"""Bytes of a process of which the driver does not tell."""
NO_INSTANCE = -1


def build(folder: Path, compiler: str, *options: str) -> Path:
    """Compile the library into a folder, under the name by which it is loaded."""
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / NAME
    command = [compiler, "-shared", "-fPIC", f"-Wl,-soname,{NAME}", *options, "-o", str(library), str(SOURCE)]
    subprocess.run(command, check=True, capture_output=True)
    return library


@dataclass
class Driver:
    """What the library tells, once `write` has said so: add devices, then write."""

    file: Path
    lines: list[str] = field(default_factory=list)

    def device(self, index: int, name: str = "H100", *, total: int = 0, free: int = 0, mig: int = 0) -> Driver:
        """A device with memory in bytes; `mig` is 1 for one that is partitioned, -1 for one that can't be."""
        self.lines.append(f"device {index} {mig} {name}")
        if total:
            self.lines.append(f"memory {index} {WHOLE} {total} {free}")
        return self

    def part(self, index: int, part: int, *, instance: int, total: int, free: int) -> Driver:
        """An instance of a partitioned device, on the part of its memory that has the number `instance`."""
        self.lines += [f"part {index} {part} {part} {instance}", f"memory {index} {part} {total} {free}"]
        return self

    def load(self, index: int, percent: int, milliwatts: int, celsius: int) -> Driver:
        """How busy and how warm it is."""
        self.lines.append(f"load {index} {percent} {milliwatts} {celsius}")
        return self

    def process(
        self,
        index: int,
        pid: int,
        used: int,
        *,
        part: str | int = WHOLE,
        kind: str = "C",
        instance: int = NO_INSTANCE,
    ) -> Driver:
        """Somebody who computes (C) or draws (G) there."""
        self.lines.append(f"process {index} {part} {kind} {pid} {used} {instance}")
        return self

    def fail(self, function: str, code: int, index: str | int = WHOLE) -> Driver:
        """Let a function answer an error, for one device or for all."""
        self.lines.append(f"fail {function} {index} {code}")
        return self

    def clear(self) -> Driver:
        """Begin anew."""
        self.lines.clear()
        return self

    def write(self) -> None:
        """From now on the library tells this."""
        fresh = self.file.with_suffix(".fresh")
        fresh.write_text("\n".join(self.lines) + "\n")
        fresh.replace(self.file)

    def unload(self) -> None:
        """From now on the driver is not loaded."""
        self.file.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory: pytest.TempPathFactory, needed: Callable[..., str]) -> Path:
    """The folder of the library, for LD_LIBRARY_PATH."""
    return build(tmp_path_factory.mktemp("nvml"), needed("cc", "gcc", "clang")).parent


@pytest.fixture
def nvidia(nvml_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """NVIDIA's driver in this process and those that it starts, without devices so far."""
    # Once one of that name is loaded, the loader finds no other.
    ctypes.CDLL(str(nvml_library / NAME))
    driver = Driver(tmp_path / "nvml-stub.txt")
    monkeypatch.setenv("STUB_NVML", str(driver.file))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(nvml_library))
    driver.write()
    yield driver
    driver.unload()
