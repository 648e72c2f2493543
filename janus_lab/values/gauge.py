"""A board's resources as they are read: what is used, what leases cover, and what is left of a budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from janus_lab.values.board import Board
from janus_lab.values.lease import CPU, RAM, ResourceUse, vram
from janus_lab.values.machine import Device, Sample


class Unit(StrEnum):
    """What a gauge counts."""

    BYTES = "bytes"
    THREADS = "threads"
    PLACES = "places"


@dataclass(frozen=True, slots=True)
class Gauge:
    """One resource: `used` is measured, of `total`; the rest is from the leases' ledger, all in the gauge's unit.

    `leased` and `ending` are covered by leases, `outside` is used by whatever holds none, and all of it together may reach
    `budget` (None: nobody leases it). `load` is a device's, 0–1. With a `failure` the numbers mean nothing.
    """

    resource: str
    label: str
    unit: Unit
    used: float
    total: float
    budget: float | None = None
    leased: float = 0
    ending: float = 0
    outside: float = 0
    load: float | None = None
    detail: str = ""
    heat: str = ""
    """A device's temperature and power, which change all the time."""
    failure: str = ""

    @property
    def share(self) -> float:
        """How much of the whole is used, 0–1."""
        return min(1.0, max(0.0, self.used / self.total)) if self.total else 0.0

    @property
    def free(self) -> float | None:
        """What may still be leased; None where nobody leases it."""
        return None if self.budget is None else max(0.0, self.budget - self.leased - self.ending - self.outside)


def gauges(board: Board) -> tuple[Gauge, ...]:
    """A board's gauges: processor, memory, each accelerator, then what only the ledger of leases tells of, such as named places."""
    uses = board.book.resources if board.book is not None else {}
    sample = board.sample
    measured = () if sample is None else (*_own(sample, uses.get(CPU), uses.get(RAM)), *_devices(sample, uses))
    known = {gauge.resource for gauge in measured}
    others = (_unmeasured(name, use) for name, use in sorted(uses.items()) if name not in known)
    return (*measured, *others)


def _own(sample: Sample, cpu: ResourceUse | None, ram: ResourceUse | None) -> tuple[Gauge, Gauge]:
    limit = "within a container's limit" if sample.limited else ""
    threads = f"{sample.cpu_count:g} processor{'' if sample.cpu_count == 1 else 's'}"
    processor = Gauge(CPU, "Processor", Unit.THREADS, sample.cpu_load * sample.cpu_count, sample.cpu_count)
    memory = Gauge(RAM, "Memory", Unit.BYTES, sample.ram_used, sample.ram_total, detail=limit)
    return (
        _covered(replace(processor, detail=threads, failure=sample.failures.get(CPU, "")), cpu),
        _covered(replace(memory, failure=sample.failures.get(RAM, "")), ram),
    )


def _devices(sample: Sample, uses: Mapping[str, ResourceUse]) -> Iterator[Gauge]:
    for device in sample.devices:
        name = vram(device.id)
        memory = Gauge(name, f"GPU {device.id}", Unit.BYTES, device.memory_used, device.memory_total)
        failure = device.failure or sample.failures.get(name, "") or sample.failures.get("vram", "")
        yield _covered(
            replace(memory, load=device.load, detail=device.name, heat=_heat(device), failure=failure), uses.get(name)
        )


def _heat(device: Device) -> str:
    heat = "" if device.temperature_celsius is None else f"{device.temperature_celsius:.0f} °C"
    power = "" if device.power_watts is None else f"{device.power_watts:.0f} W"
    return " · ".join(part for part in (heat, power) if part)


def _unmeasured(name: str, use: ResourceUse) -> Gauge:
    """Named places, which leases alone use; or what can't be measured."""
    known = Gauge(name, called(name), unit_of(name), use.leased + use.ending, use.capacity.budget)
    return _covered(known, use)


def called(resource: str) -> str:
    """A resource's name for people; of a named place it is what whoever asks for it calls it."""
    kind, _, which = resource.partition(":")
    return {CPU: "Processor", RAM: "Memory", "vram": f"GPU {which}"}.get(kind, which or resource)


def unit_of(resource: str) -> Unit:
    """What a resource is counted in."""
    if resource == CPU:
        return Unit.THREADS
    return Unit.BYTES if resource == RAM or resource.startswith("vram:") else Unit.PLACES


def _covered(gauge: Gauge, use: ResourceUse | None) -> Gauge:
    """The gauge with what the ledger of leases says of its resource."""
    if use is None:
        return gauge
    return replace(
        gauge,
        budget=use.capacity.budget,
        leased=use.leased,
        ending=use.ending,
        outside=use.capacity.outside,
        failure=gauge.failure or use.capacity.failure,
    )
