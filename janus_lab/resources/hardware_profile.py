"""What a machine can do: which models fit it, and which settings suit it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from janus_lab.resources.advice import advice
from janus_lab.resources.budgets import MB, budgets
from janus_lab.resources.model_fit import fits
from janus_lab.resources.model_sets import MODEL_SETS
from janus_lab.resources.placement import SHARES_MAIN_MEMORY
from janus_lab.resources.server_advice import server_advice, servers_limit_mb
from janus_lab.settings import Settings
from janus_lab.values.hardware import Advice, HardwareProfile, Inventory
from janus_lab.values.machine import Sample
from janus_lab.values.size import size


def hardware_profile(
    inventory: Inventory, settings: Settings, server_variables: Mapping[str, str] | None = None
) -> HardwareProfile:
    """The profile of a machine. `server_variables` are those of `.env` where the stack's servers run here, else None.

    Models are measured against the budgets that the advised settings would give.
    """
    advised = tuple(advice(inventory, settings))
    servers = tuple(server_advice(inventory, server_variables)) if server_variables is not None else ()
    sample = inventory.sample
    return HardwareProfile(
        inventory,
        fits(MODEL_SETS, sample.devices, _budgets(sample, settings, advised)),
        advised,
        servers,
        tuple(_notes(sample, servers)),
    )


def _budgets(sample: Sample, settings: Settings, advised: tuple[Advice, ...]) -> Mapping[str, int]:
    from dataclasses import replace

    numbers = {one.name: one.value for one in advised if one.name.startswith(("lease_", "ram_", "vram_"))}
    return budgets(sample, replace(settings, **numbers))  # type: ignore[arg-type]  # fields by their names


def _notes(sample: Sample, servers: tuple[Advice, ...]) -> Iterator[str]:
    for resource, failure in sample.failures.items():
        yield f"{resource} could not be measured, so nothing of it is leased: {failure}"
    for device in sample.devices:
        if device.failure:
            yield f"accelerator {device.id} could not be measured, so nothing of it is leased: {device.failure}"
    if sample.limited:
        yield "a container's limits are smaller than the machine, and count"
    if any(device.kind == SHARES_MAIN_MEMORY for device in sample.devices):
        yield "the accelerator's memory is the machine's own: what one takes the other lacks"
    if sample.devices:
        yield "what fits an accelerator goes there if llama-cpp-python was built for it, else to the processors"
    together = servers_limit_mb({one.name: int(one.value) for one in servers}) if servers else 0
    if together * MB > sample.ram_total:
        yield f"the servers' limits add up to {size(together * MB)}, more than there is: not all can be full at a time"
