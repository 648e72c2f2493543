"""How much of a machine leases may cover: what settings say, and never more than there is less the headroom."""

from __future__ import annotations

from collections.abc import Mapping

from janus_lab.settings import Settings
from janus_lab.values.lease import CPU, RAM, vram
from janus_lab.values.machine import Sample

MB = 1_000_000


def budgets(sample: Sample, settings: Settings) -> Mapping[str, int]:
    """Bytes or processor slots by resource. An accelerator that could not be measured has no budget."""
    found = {
        RAM: _within(sample.ram_total, settings.ram_headroom_mb, settings.lease_ram_mb),
        CPU: settings.lease_cpu_slots or max(1, int(sample.cpu_count)),
    }
    for device in sample.devices:
        if not device.failure:
            found[vram(device.id)] = _within(device.memory_total, settings.vram_headroom_mb, settings.lease_vram_mb)
    return found


def _within(total: int, headroom_mb: int, limit_mb: int) -> int:
    room = max(0, total - headroom_mb * MB)
    return min(room, limit_mb * MB) if limit_mb else room
