"""What leases may cover of each resource, from what was measured: the budget, what lies outside of leases, what is not known."""

from __future__ import annotations

from collections.abc import Mapping

from janus_lab.resources.attribution import Attributed
from janus_lab.resources.budgets import MB, budgets
from janus_lab.settings import Settings
from janus_lab.values.lease import CPU, RAM, Capacity, vram
from janus_lab.values.machine import Sample

ALL_DEVICES = "vram"
"""The name under which a sample says that no accelerator could be measured."""


def capacities(attributed: Attributed, settings: Settings, before: Mapping[str, Capacity]) -> dict[str, Capacity]:
    """Capacity by resource. What was there `before` and can't be found now has failed; it is not taken for free."""
    sample = attributed.sample
    room = budgets(sample, settings)
    found = {CPU: Capacity(room[CPU], failure=sample.failures.get(CPU, ""))}
    found[RAM] = _memory(RAM, room[RAM], sample.ram_total - settings.ram_headroom_mb * MB, attributed)
    for device in sample.devices:
        name = vram(device.id)
        if device.failure:
            found[name] = Capacity(_budget(before, name), failure=device.failure)
        elif name in room:
            found[name] = _memory(name, room[name], device.memory_total - settings.vram_headroom_mb * MB, attributed)
    for name, known in before.items():
        if name not in found and not _divided(name, found):
            found[name] = Capacity(known.budget, failure=_why(name, sample))
    return found


def unknown(before: Mapping[str, Capacity], why: str) -> dict[str, Capacity]:
    """Capacities when nothing could be measured at all."""
    return {name: Capacity(known.budget, failure=why) for name, known in before.items()}


def _memory(name: str, budget: int, most: int, attributed: Attributed) -> Capacity:
    """`most` is what may be used in all; where the budget is less, other programs may use the difference before it shrinks."""
    failure = attributed.sample.failures.get(name, "")
    if failure:
        return Capacity(budget, failure=failure)
    return Capacity(budget, max(0, attributed.outside.get(name, 0) - max(0, most - budget)))


def _budget(before: Mapping[str, Capacity], name: str) -> int:
    return before[name].budget if name in before else 0


def _divided(name: str, found: Mapping[str, Capacity]) -> bool:
    """Whether an accelerator was divided into instances meanwhile, or put together again."""
    return any(
        not capacity.failure and (other.startswith(f"{name}.") or name.startswith(f"{other}."))
        for other, capacity in found.items()
    )


def _why(name: str, sample: Sample) -> str:
    return sample.failures.get(name) or sample.failures.get(ALL_DEVICES) or "it is not there any more"
