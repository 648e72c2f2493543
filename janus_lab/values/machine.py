"""What a machine has and how much of it is used, as measured at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """One process's use: main memory that is its alone and accelerator memory by `Device.id`, in bytes; `cpu` in processors.

    `ours` is true for Janus's own processes; `name` is what it calls itself, untrusted text.
    """

    pid: int
    name: str
    ram: int = 0
    vram: Mapping[str, int] = field(default_factory=dict)
    ours: bool = False
    cpu: float = 0.0
    base: Mapping[str, int] = field(default_factory=dict)
    """What it used of a resource when last it held no lease on it: not covered by any lease. By resource, in bytes."""


@dataclass(frozen=True, slots=True)
class Device:
    """An accelerator, or an instance of one that is partitioned (MIG). Memory in bytes, load 0–1 (None: not told).

    `id` is stable on this machine and short: its index, `0`, or `0.1` for instance 1 of device 0. `failure` says why it could
    not be measured; the numbers mean nothing then.
    """

    id: str
    name: str
    kind: str = "nvidia"
    """`nvidia`, `amd` or `apple`."""
    uuid: str = ""
    memory_total: int = 0
    memory_used: int = 0
    load: float | None = None
    temperature_celsius: float | None = None
    power_watts: float | None = None
    failure: str = ""
    attributed: bool = True
    """Whether it is told which process uses how much of it; a container may not be told."""
    base: int = 0
    """Where it is not told: what was used in all when last nobody held a lease on it, in bytes."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured. `at` is seconds since the epoch; memory in bytes; `cpu_load` 0–1 of `cpu_count` processors.

    Totals are what this process may use: a container's limits count. `failures` says by resource (`ram`, `vram:0`, or `vram`
    for all accelerators) what could not be measured, and why.
    """

    machine: str
    at: float
    cpu_count: float
    cpu_load: float
    ram_total: int
    ram_used: int
    devices: tuple[Device, ...] = ()
    processes: tuple[ProcessUse, ...] = ()
    """Our own processes, everybody who uses an accelerator, and the few others that use the most memory."""
    failures: Mapping[str, str] = field(default_factory=dict)
    limited: str = ""
    """What limits it below the machine's own amounts: `cgroup`, or ""."""
