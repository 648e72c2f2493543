"""This machine, measured."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import psutil

from janus_lab.adapters.probe.accelerators import Accelerated, Accelerators
from janus_lab.adapters.probe.amd import AmdAccelerators
from janus_lab.adapters.probe.apple import AppleAccelerators
from janus_lab.adapters.probe.cgroup import ControlGroups
from janus_lab.adapters.probe.host import Memory, Processors, measure_memory
from janus_lab.adapters.probe.nvidia import NvidiaAccelerators
from janus_lab.adapters.probe.processes import Processes
from janus_lab.ports.probe import Probe
from janus_lab.values.lease import RAM
from janus_lab.values.machine import Sample

CGROUP = "cgroup"
"""What may limit a machine."""


@contextmanager
def open_probe(url: str = "local://", *, machine: str = "") -> Iterator[Probe]:  # noqa: ARG001 - one signature for every scheme
    """This machine's memory, processors and accelerators, under the name `machine`. Loads drivers of accelerators that are here."""
    yield LocalProbe(machine, (NvidiaAccelerators(), AmdAccelerators(), AppleAccelerators()))


class LocalProbe:
    """Measures what this process may use; a container's limits count."""

    def __init__(self, machine: str, accelerators: Sequence[Accelerators], groups: ControlGroups | None = None) -> None:
        self._machine = machine
        self._accelerators = accelerators
        self._groups = groups or ControlGroups()
        self._processors = Processors(self._groups)
        self._processes = Processes()

    def sample(self, ours: Collection[int]) -> Sample:
        """The machine now; `ours` are the ids of Janus's own processes."""
        at = time.time()
        accelerated = [kind.measure() for kind in self._accelerators]
        failures = {name: why for kind in accelerated for name, why in kind.failures.items()}
        memory = Memory(0, 0, limited=False)
        try:
            memory = measure_memory(self._groups)
        except (OSError, ValueError, psutil.Error) as error:
            failures[RAM] = f"the operating system does not tell: {error}"
        count, load, limited = self._processors.measure()
        return Sample(
            machine=self._machine,
            at=at,
            cpu_count=count,
            cpu_load=round(load, 4),
            ram_total=memory.total,
            ram_used=memory.used,
            devices=tuple(device for kind in accelerated for device in kind.devices),
            processes=self._processes.measure(ours, _by_process(accelerated)),
            failures=failures,
            limited=CGROUP if memory.limited or limited else "",
        )


def _by_process(accelerated: Sequence[Accelerated]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for kind in accelerated:
        for pid, used in kind.vram.items():
            found.setdefault(pid, {}).update(used)
    return found
