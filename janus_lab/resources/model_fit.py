"""Where a set of models fits a machine's budgets, if anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from janus_lab.resources.model_sets import EMBEDDING_BYTES, STARTER, ModelSet
from janus_lab.resources.placement import Placed, whole
from janus_lab.resources.wish import Room
from janus_lab.values.hardware import ModelFit
from janus_lab.values.lease import CPU, RAM
from janus_lab.values.machine import Device


def fits(sets: Sequence[ModelSet], devices: Sequence[Device], budgets: Mapping[str, int]) -> tuple[ModelFit, ...]:
    """Each set with its place: an accelerator, several together, else the processors. `budgets` are bytes by resource."""
    # The embedding model computes on processors wherever the other one does.
    left = {**budgets, RAM: budgets.get(RAM, 0) - EMBEDDING_BYTES}
    room = Room(left, left, devices)
    return tuple(_fit(one, room) for one in sets)


def _fit(one: ModelSet, room: Room) -> ModelFit:
    ways = whole(one.shape, one.wish(), room) if one.shape else ()
    place, lacking = _place(ways, room)
    return ModelFit(
        one.name,
        one.models,
        EMBEDDING_BYTES + one.needed(),
        place,
        lacking,
        round(one.weights_bytes / STARTER.weights_bytes, 1),
        one.packaged,
    )


def _place(ways: Sequence[Placed], room: Room) -> tuple[str, int]:
    """Where it goes, or what is lacking at the place that comes nearest."""
    for way in ways:
        if way.within(room.free):
            return "+".join(sorted(f"vram:{device}" for device in way.plan.devices)) or CPU, 0
    lacking = [max(0, -room.free[RAM])] if not ways else [_lacking(way, room) for way in ways]
    return ("", min(lacking)) if min(lacking) else (CPU, 0)


def _lacking(way: Placed, room: Room) -> int:
    return sum(max(0, amount - room.free.get(name, 0)) for name, amount in way.needed.items())
