"""Where a set of models fits a machine's budgets, if anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from janus_lab.resources.model_sets import EMBEDDING_BYTES, STARTER, ModelSet
from janus_lab.values.hardware import ModelFit
from janus_lab.values.lease import CPU, RAM
from janus_lab.values.machine import Device

SHARES_MAIN_MEMORY = "apple"
"""The kind of accelerator whose memory is the machine's own."""


def fits(sets: Sequence[ModelSet], devices: Sequence[Device], budgets: Mapping[str, int]) -> tuple[ModelFit, ...]:
    """Each set with its place: an accelerator, several together, else the processors. `budgets` are bytes by resource."""
    return tuple(_fit(one, devices, budgets) for one in sets)


def _fit(one: ModelSet, devices: Sequence[Device], budgets: Mapping[str, int]) -> ModelFit:
    needed = one.needed()
    ram = budgets.get(RAM, 0)
    lacking = EMBEDDING_BYTES + needed - ram
    place = CPU if lacking <= 0 else ""
    if needed and ram >= EMBEDDING_BYTES:
        candidates = [
            (devices_of, room - _split(one, len(devices_of))) for devices_of, room in _rooms(devices, budgets)
        ]
        enough = [devices_of for devices_of, room in candidates if room >= needed]
        if enough:
            place = "+".join(enough[0])
        lacking = min([lacking, *(needed - room for _, room in candidates)])
    return ModelFit(
        one.name,
        one.models,
        EMBEDDING_BYTES + needed,
        place,
        0 if place else lacking,
        round(one.weights_bytes / STARTER.weights_bytes, 1),
        one.packaged,
    )


def _rooms(devices: Sequence[Device], budgets: Mapping[str, int]) -> list[tuple[tuple[str, ...], int]]:
    """Accelerators and how much they take: each alone, the smallest first, then more and more of a kind together."""
    usable = [(name, device, budgets[name]) for device in devices if (name := f"vram:{device.id}") in budgets]
    usable.sort(key=lambda one: one[2])
    # Memory that an accelerator shares with the processors holds the embedding model as well.
    rooms: list[tuple[tuple[str, ...], int]] = [
        ((name,), room - (EMBEDDING_BYTES if device.kind == SHARES_MAIN_MEMORY else 0)) for name, device, room in usable
    ]
    for kind in dict.fromkeys(device.kind for _, device, _ in usable):
        # Instances of a partitioned device can't be joined.
        whole = [
            (name, room) for name, device, room in reversed(usable) if device.kind == kind and "." not in device.id
        ]
        rooms += [
            (tuple(sorted(name for name, _ in whole[:count])), sum(room for _, room in whole[:count]))
            for count in range(2, len(whole) + 1)
        ]
    return rooms


def _split(one: ModelSet, count: int) -> int:
    """What sharing a model between so many accelerators costs: each has buffers of its own."""
    return (count - 1) * one.compute_bytes
