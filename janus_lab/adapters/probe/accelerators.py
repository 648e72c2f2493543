"""What every kind of accelerator is asked, whoever made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from janus_lab.values.machine import Device


@dataclass(frozen=True, slots=True)
class Accelerated:
    """Accelerators of one kind: who uses how many bytes of which (by process id and `Device.id`), and what can't be measured."""

    devices: tuple[Device, ...] = ()
    vram: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)


class Accelerators(Protocol):
    """Accelerators of one kind."""

    def measure(self) -> Accelerated:
        """All that are here, now. Never raises: what can't be measured is among the failures."""
        ...
