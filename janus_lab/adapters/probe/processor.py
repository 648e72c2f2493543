"""What kind of processors this process may run on."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path

from janus_lab.values.hardware import Processor

CPUINFO = Path("/proc/cpuinfo")
MATTER = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm", "sve")
"""Instructions that models compute faster with, as Linux names them."""


def processor(cpuinfo: Path = CPUINFO) -> Processor:
    """The processors; what the system does not tell is left empty."""
    import psutil

    told = _told(cpuinfo)
    features = set((told.get("flags") or told.get("Features") or "").split())
    return Processor(
        name=told.get("model name") or told.get("Model") or _mac_name() or platform.processor() or platform.machine(),
        system=platform.system(),
        architecture=platform.machine(),
        cores=psutil.cpu_count(logical=False) or 0,
        threads=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        instructions=tuple(name for name in MATTER if name in features),
    )


def _told(cpuinfo: Path) -> dict[str, str]:
    """What Linux says of its first processor; nothing elsewhere."""
    found: dict[str, str] = {}
    with suppress(OSError):
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            name, separator, value = line.partition(":")
            if separator:
                found.setdefault(name.strip(), value.strip())
    return found


def _mac_name() -> str:
    if platform.system() != "Darwin":
        return ""
    import subprocess

    with suppress(OSError, subprocess.SubprocessError):
        told = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
        return told.stdout.strip()
    return ""
