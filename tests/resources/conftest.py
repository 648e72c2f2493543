"""A machine that tests write down, a book of leases in memory, and clocks that tests turn."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from janus_lab.adapters.leases.memory import open_leases
from janus_lab.adapters.probe.inventory import open_probe, write_inventory
from janus_lab.adapters.samples.memory import open_samples
from janus_lab.ports.leases import Leases
from janus_lab.ports.probe import Probe
from janus_lab.ports.samples import Samples
from janus_lab.resources.monitor import Monitor, Surroundings
from janus_lab.settings import Settings, load_settings
from janus_lab.values.lease import LeaseRequest
from janus_lab.values.machine import Device, ProcessUse, Sample
from janus_lab.values.run import Priority

GB = 1_000_000_000
MACHINE = "loom"
INVENTORY = Sample(
    machine="",
    at=0.0,
    cpu_count=8,
    cpu_load=0.25,
    ram_total=64 * GB,
    ram_used=10 * GB,
    devices=(Device("0", "card", memory_total=24 * GB, memory_used=2 * GB),),
    processes=(ProcessUse(7, "worker", ram=GB),),
)


@dataclass
class Machine:
    """What is written down, and who looks at it. `ticks` is the time of all of them in seconds."""

    file: Path
    settings: Settings
    leases: Leases = field(init=False)
    samples: Samples = field(init=False)
    probe: Probe = field(init=False)
    inventory: Sample = INVENTORY
    ticks: float = 1_795_366_353.0

    def write(self, **changes) -> None:
        """Change what is written down."""
        self.inventory = replace(self.inventory, **changes)
        write_inventory(self.file, self.inventory)

    def monitor(self) -> Monitor:
        """A monitor of it."""
        return Monitor(MACHINE, Surroundings(self.probe, self.leases, self.samples, lambda: [7]), self.settings)

    def ask(self, lease_id: str = "a", *, ttl: float = 60.0, pid: int = 7, **weights: int):
        """Ask for a lease of so many GB of `ram`, or of accelerator 0 as `card`."""
        names = {"ram": "ram", "card": "vram:0", "cpu": "cpu"}
        sizes = {names[name]: amount if name == "cpu" else amount * GB for name, amount in weights.items()}
        request = LeaseRequest(lease_id, sizes, Priority.BATCH, "ada", "test", pid=pid)
        return self.leases.request(MACHINE, request, ttl)


@pytest.fixture
def machine(tmp_path):
    settings = load_settings(tmp_path, environment={}, ram_headroom_mb=4000, vram_headroom_mb=2000, sample_seconds=0.5)
    made = Machine(tmp_path / "inventory.json", settings)
    made.write()
    with ExitStack() as stack:
        made.leases = stack.enter_context(open_leases(clock=lambda: made.ticks))
        made.samples = stack.enter_context(
            open_samples(expiry_seconds=settings.stale_seconds, clock=lambda: made.ticks)
        )
        made.probe = stack.enter_context(open_probe(made.file.as_uri().replace("file:", "inventory:"), machine=MACHINE))
        yield made
