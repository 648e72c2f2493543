"""How a model is to be loaded, and the room there is for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from janus_lab.values.lease import RAM, LeaseBook, free_of, is_memory, vram
from janus_lab.values.machine import Device
from janus_lab.values.model import LoadPlan

_UNKNOWN = 1 << 62
"""More than any machine has: while it is not known what there is, a model is laid out as wished, and waits for its lease."""
_KEPT_PREFIXES = 4
"""Sequences beyond those that are answered, which keep a beginning for the next question about the same."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a model is to be loaded if there is memory. `gpu_layers` None: as many as fit; the output counts as one, -1 is all."""

    context_tokens: int
    parallel_requests: int = 1
    batch_tokens: int = 512
    cache_type: str = "f16"
    gpu_layers: int | None = None
    flash_attention: bool = True

    def plan(self) -> LoadPlan:
        """All of it, on processors."""
        return LoadPlan(
            self.context_tokens,
            self.context_tokens * self.parallel_requests,
            self.parallel_requests + _KEPT_PREFIXES,
            self.batch_tokens,
            cache_type=self.cache_type,
            flash_attention=self.flash_attention,
        )


@dataclass(frozen=True, slots=True)
class Room:
    """What is free and what may be used in all, in bytes by resource, and the accelerators that the backend computes on.

    What idle models would give back counts as free.
    """

    free: Mapping[str, int]
    budgets: Mapping[str, int]
    devices: Sequence[Device] = ()

    def usable(self) -> list[Device]:
        """Accelerators that could be measured, with the most free memory first."""
        known = [one for one in self.devices if not one.failure and vram(one.id) in self.budgets]
        return sorted(known, key=lambda one: (-self.free.get(vram(one.id), 0), one.id))

    def seen(self) -> Room:
        """Without the memory of accelerators that the backend does not compute on."""
        names = {RAM, *(vram(one.id) for one in self.usable())}
        free, budgets = ({n: amount for n, amount in all_.items() if n in names} for all_ in (self.free, self.budgets))
        return Room(free, budgets, self.devices)


def room_in(book: LeaseBook, devices: Sequence[Device] = (), idle: Mapping[str, int] | None = None) -> Room:
    """What a machine has left, where idle models hold so much that they would give back."""
    memory = {name: use for name, use in book.resources.items() if is_memory(name) and not use.capacity.failure}
    if not book.open or RAM not in memory:
        return Room({RAM: _UNKNOWN}, {RAM: _UNKNOWN})
    free = {name: free_of(use) + (idle or {}).get(name, 0) for name, use in memory.items()}
    return Room(free, {name: use.capacity.budget for name, use in memory.items()}, devices)
