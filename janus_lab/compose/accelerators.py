"""The machine's accelerators that this process's engines compute on, and the numbers under which they know them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache as once

from janus_lab.resources.visible import numbered, visible
from janus_lab.scheduler.admission import Admission
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.values.lease import RAM, is_memory
from janus_lab.values.machine import Device

CUDA = "nvidia"
"""The kind of accelerators that torch and servers of ours compute on."""


@dataclass(frozen=True, slots=True)
class Computing:
    """Accelerators that an engine computes on, and its numbers for them by their ids."""

    devices: Sequence[Device] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Accelerators:
    """What each engine computes on. `llama` is only found out when it is asked for: that loads the engine."""

    llama: Callable[[], Computing]
    cuda: Callable[[], Computing]


def accelerators(settings: Settings, admission: Admission) -> Accelerators:
    """This process's; none is looked for where leases know of none."""
    probe, machine = settings.url("probe_url"), settings.machine_name

    def there() -> bool:
        return any(name != RAM for name in admission.book().resources if is_memory(name))

    return Accelerators(
        lambda: _llama(probe, machine) if there() else Computing(),
        lambda: _cuda(probe, machine) if there() else Computing(),
    )


def expected(devices: Sequence[Device]) -> Sequence[Device]:
    """Those that llama.cpp as installed will compute on, of a machine's: told without loading it, for one who only asks."""
    from janus_lab.adapters.backend.llama_devices import built_for

    return [device for kind in sorted(built_for()) for device in visible(devices, kind, os.environ)]


@once
def _llama(probe_url: str, machine: str) -> Computing:
    from janus_lab.adapters.backend.llama_devices import accelerators

    names = [one.name for one in accelerators()]
    devices = _measured(probe_url, machine) if names else ()
    numbers = numbered(names, devices, os.environ)
    return Computing([device for device in devices if device.id in numbers], numbers)


@once
def _cuda(probe_url: str, machine: str) -> Computing:
    devices = visible(_measured(probe_url, machine), CUDA, os.environ)
    return Computing(devices, {device.id: number for number, device in enumerate(devices)})


def _measured(probe_url: str, machine: str) -> Sequence[Device]:
    with factory("probe", probe_url)(probe_url, machine=machine) as probe:
        found: Sequence[Device] = probe.sample(()).devices
    return found
