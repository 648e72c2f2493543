"""Who uses what is used: how much of it leases cover, and how much lies outside of every lease.

A lease counts in full though its holder may not use all of it yet; what its holder measurably uses is counted in it, and not
a second time. What a holder used before it held anything, and what it uses beyond its lease, is outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from janus_lab.values.lease import RAM, vram
from janus_lab.values.machine import Device, ProcessUse, Sample

Held = Mapping[int, Mapping[str, int]]
"""What living leases cover, by process id and resource."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """A sample that tells what each process's base is, and the bytes of each resource that no lease covers."""

    sample: Sample
    outside: Mapping[str, int]


@dataclass(slots=True)
class Attribution:
    """Follows one machine from sample to sample; each is to be measured just after what is held was read."""

    _processes: dict[tuple[int, str], _Base] = field(default_factory=dict)
    _devices: dict[str, _Base] = field(default_factory=dict)

    @classmethod
    def following(cls, before: Sample | None) -> Attribution:
        """Go on where another sampler of this machine stopped, by its last sample."""
        made = cls()
        if before is not None:
            for process in before.processes:
                for name, amount in process.base.items():
                    made._processes[process.pid, name] = _Base(amount)
            made._devices = {device.id: _Base(device.base) for device in before.devices if not device.attributed}
        return made

    def attribute(self, sample: Sample, held: Held) -> Attributed:
        """How much of what `sample` tells is outside of what is `held`."""
        processes = tuple(self._with_base(process, held.get(process.pid, {})) for process in sample.processes)
        devices = tuple(self._told_in_all(device, held) for device in sample.devices)
        seen = {process.pid for process in processes}
        self._processes = {key: base for key, base in self._processes.items() if key[0] in seen}
        self._devices = {device.id: self._devices[device.id] for device in devices if device.id in self._devices}
        found = {RAM: _rest(sample.ram_used, (_covered(process, RAM, held) for process in processes))}
        for device in devices:
            name = vram(device.id)
            covered = (
                (_covered(process, name, held) for process in processes)
                if device.attributed
                else [min(_all_held(held, name), max(0, device.memory_used - device.base))]
            )
            found[name] = _rest(device.memory_used, covered)
        return Attributed(replace(sample, processes=processes, devices=devices), found)

    def _with_base(self, process: ProcessUse, held: Mapping[str, int]) -> ProcessUse:
        base = {}
        for name in _resources(process, held):
            known = self._processes.setdefault((process.pid, name), _Base())
            known.look(_used(process, name), holds=held.get(name, 0) > 0)
            base[name] = known.amount or 0
        return replace(process, base=base)

    def _told_in_all(self, device: Device, held: Held) -> Device:
        if device.attributed or device.failure:
            return device
        known = self._devices.setdefault(device.id, _Base())
        known.look(device.memory_used, holds=_all_held(held, vram(device.id)) > 0)
        return replace(device, base=known.amount or 0)


@dataclass(slots=True)
class _Base:
    """What was used when nothing was held; None before that is known.

    A lease may be granted between the look at what is held and the measurement. So a measurement counts only when the next
    look has found nothing held either, but for the first of all.
    """

    amount: int | None = None
    _unconfirmed: int | None = None

    def look(self, used: int, *, holds: bool) -> None:
        """Take note of a measurement."""
        if holds:
            self._unconfirmed = None
            return
        if self._unconfirmed is not None:
            self.amount = self._unconfirmed
        elif self.amount is None:
            self.amount = used
        self._unconfirmed = used


def _resources(process: ProcessUse, held: Mapping[str, int]) -> Iterable[str]:
    return dict.fromkeys([RAM, *(vram(device) for device in process.vram), *(n for n in held if _measured(n))])


def _measured(name: str) -> bool:
    return name == RAM or name.startswith(vram(""))


def _used(process: ProcessUse, name: str) -> int:
    return process.ram if name == RAM else process.vram.get(name.removeprefix(vram("")), 0)


def _covered(process: ProcessUse, name: str, held: Held) -> int:
    """Bytes of a process's use that its leases cover."""
    leased = held.get(process.pid, {}).get(name, 0)
    return min(leased, max(0, _used(process, name) - process.base.get(name, 0)))


def _all_held(held: Held, name: str) -> int:
    return sum(of_process.get(name, 0) for of_process in held.values())


def _rest(used: int, covered: Iterable[int]) -> int:
    return max(0, used - sum(covered))
