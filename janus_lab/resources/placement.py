"""Where a model goes on a machine: as wished if it fits, else with one concession after the other, each named.

Pure: nothing is measured or loaded here. What is told is an order of plans to try, the best first; an estimate refuses none of them,
so the last one is there even if it seems too large.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from janus_lab.resources.model_memory import estimated, layer_bytes
from janus_lab.resources.wish import Room, Wish
from janus_lab.values.lease import RAM, vram
from janus_lab.values.machine import Device
from janus_lab.values.model import Footprint, LoadPlan, ModelShape

SHARES_MAIN_MEMORY = "apple"
"""The kind of accelerator whose memory is the machine's own."""
DRIVER_BYTES = 500_000_000
"""What a process takes of an accelerator before any model: contexts, kernels, libraries' own room."""
_HOST_BYTES = 24_000_000
_TOKEN_BYTES = 250
"""Of main memory: the library's own, and for each token of a vocabulary its text, its number and its place in tables."""
_SMALL_CACHE = "q8_0"
_SHORTEST_WINDOW = 1024

Steps = tuple[str, ...]
"""Concessions in words."""
Estimate = Callable[[ModelShape, LoadPlan], Footprint]


@dataclass(frozen=True, slots=True)
class Placed:
    """One way to load a model: what its lease should cover (`needed`), of that what the model takes (`footprint`), and the concessions."""

    plan: LoadPlan
    footprint: Footprint
    needed: Mapping[str, int]
    steps: Steps

    def within(self, amounts: Mapping[str, int]) -> bool:
        """Whether so much suffices."""
        return all(amount <= amounts.get(resource, 0) for resource, amount in self.needed.items())


def placements(shape: ModelShape, wish: Wish, room: Room, estimate: Estimate = estimated) -> tuple[Placed, ...]:
    """Ways to load a model, best first: those that fit what is free now, then those that fit once others make room, then the smallest."""
    found = list({one.plan: one for one in _Ladder(shape, wish, room, estimate).rungs()}.values())
    now = [one for one in found if one.within(room.free)]
    later = [one for one in found if one not in now and one.within(room.budgets)]
    return (*now, *later) or (found[-1],)


def whole(shape: ModelShape, wish: Wish, room: Room, estimate: Estimate = estimated) -> tuple[Placed, ...]:
    """All ways to load a model without any concession, whether they fit or not; the smallest accelerator first, processors last."""
    ladder = _Ladder(shape, wish, room, estimate)
    plan, steps = ladder.wished()
    together = [one for kind in ladder.joined(plan, steps) for one in kind]
    return (*ladder.alone(plan, steps), *together, ladder.placed(plan, steps))


def needed(shape: ModelShape, footprint: Footprint, devices: Sequence[Device]) -> dict[str, int]:
    """What a lease should cover, by resource: the model, what a process has besides, and memory that is counted twice."""
    whole = footprint.total()
    whole[RAM] = whole.get(RAM, 0) + _HOST_BYTES + _TOKEN_BYTES * shape.vocabulary
    for device in devices:
        taken = whole.get(vram(device.id), 0)
        if not taken:
            continue
        if device.kind == SHARES_MAIN_MEMORY:
            whole[RAM] += taken
        else:
            whole[vram(device.id)] = taken + DRIVER_BYTES
    return whole


@dataclass(frozen=True, slots=True)
class _Ladder:
    """All ways to load one model here, from what is wished for downwards."""

    shape: ModelShape
    wish: Wish
    room: Room
    estimate: Estimate

    def rungs(self) -> Iterator[Placed]:
        """Accelerators first: whole on one, whole on several, some layers; then processors."""
        if self._wanted_there():
            for plan, steps in self._memories():
                yield from self._whole(plan, steps)
            plan, steps = list(self._memories())[-1]
            yield from self._partly(plan, steps)
        left = ("on processors alone",) if self._wanted_there() and self.room.usable() else ()
        for plan, steps in self._memories():
            yield self.placed(plan, (*steps, *left))
        yield from self._shorter(left)

    def wished(self) -> tuple[LoadPlan, Steps]:
        """What is wished for, with a window no longer than the model was trained for."""
        trained = self.shape.trained_context
        if not 0 < trained < self.wish.context_tokens:
            return self.wish.plan(), ()
        return replace(self.wish, context_tokens=trained).plan(), (f"a window of {trained} tokens, the model's own",)

    def _wanted_there(self) -> int:
        """Layers that are to be on accelerators."""
        every = len(self.shape.layer_bytes) + 1
        wanted = self.wish.gpu_layers
        return every if wanted is None or wanted < 0 else min(wanted, every)

    def _memories(self) -> Iterator[tuple[LoadPlan, Steps]]:
        """Ever smaller caches: fewer windows at once, then a smaller format."""
        plan, steps = self.wished()
        yield plan, steps
        if self.wish.parallel_requests > 1:
            for windows in sorted({max(1, self.wish.parallel_requests // 2), 1}, reverse=True):
                fewer = (*steps, f"memory for {windows} of {self.wish.parallel_requests} windows at once")
                plan = replace(plan, cells=windows * plan.context_tokens)
                yield plan, fewer
            steps = fewer
        if plan.cache_type not in (_SMALL_CACHE, "q5_1", "q5_0", "q4_1", "q4_0") and self._takes_small():
            steps = (*steps, f"the cache in {_SMALL_CACHE}")
            yield replace(plan, cache_type=_SMALL_CACHE, flash_attention=True), steps

    def _takes_small(self) -> bool:
        """Whether the small format's blocks of 32 numbers fit the heads."""
        return any(self.shape.key_widths) and self.shape.key_length % 32 == 0 and self.shape.value_length % 32 == 0

    def _shorter(self, left: Steps) -> Iterator[Placed]:
        plan, steps = list(self._memories())[-1]
        window = plan.context_tokens // 2
        while window >= _SHORTEST_WINDOW:
            said = (*steps, *left, f"a window of {window} tokens instead of {plan.context_tokens}")
            yield self.placed(replace(plan, context_tokens=window, cells=window), said)
            window //= 2

    def _whole(self, plan: LoadPlan, steps: Steps) -> Iterator[Placed]:
        """On one accelerator: of those that have room the one with least, else the largest; then on several of a kind."""
        alone, joined = self.alone(plan, steps), self.joined(plan, steps)
        yield from [one for one in alone if one.within(self.room.free)][:1]
        for kind in joined:
            yield from [one for one in kind if one.within(self.room.free)][:1]
        yield from [one for one in reversed(alone) if one.within(self.room.budgets)][:1]

    def alone(self, plan: LoadPlan, steps: Steps) -> list[Placed]:
        """On each accelerator, the one with the least free memory first."""
        tightest = sorted(self.room.usable(), key=lambda one: self.room.free.get(vram(one.id), 0))
        return [self._on([device], plan, steps, self._wanted_there()) for device in tightest]

    def joined(self, plan: LoadPlan, steps: Steps) -> Iterator[Iterator[Placed]]:
        """For each kind of accelerator: on the two with the most free memory, on three, and so on."""
        usable = self.room.usable()
        for kind in dict.fromkeys(device.kind for device in usable):
            # Instances of a divided accelerator can't be joined.
            joined = [device for device in usable if device.kind == kind and "." not in device.id]
            counts = range(2, len(joined) + 1)
            yield (self._on(joined[:count], plan, steps, self._wanted_there()) for count in counts)

    def _partly(self, plan: LoadPlan, steps: Steps) -> Iterator[Placed]:
        """As many layers as the roomiest accelerator holds, or all of its kind together."""
        usable = self.room.usable()
        if not usable:
            return
        joined = [one for one in usable if one.kind == usable[0].kind and "." not in one.id]
        for there in range(self._wanted_there() - 1, 0, -1):
            said = (*steps, f"{there} of {len(self.shape.layer_bytes) + 1} layers on accelerators")
            for devices in (usable[:1], joined):
                one = self._on(devices, plan, said, there) if devices else None
                if one and one.within(self.room.free):
                    yield one
                    return

    def _on(self, devices: Sequence[Device], plan: LoadPlan, steps: Steps, there: int) -> Placed:
        ordered = sorted(devices, key=lambda one: one.id)
        alike = replace(plan, gpu_layers=there, devices=tuple(one.id for one in ordered))
        if len(ordered) > 1:
            alike = replace(alike, tensor_split=self._split(ordered, alike))
        return self.placed(alike, steps)

    def _split(self, devices: Sequence[Device], alike: LoadPlan) -> tuple[float, ...]:
        """Shares of the layers so that each accelerator holds as many bytes as its free memory's part of all."""
        compute = max(self.estimate(self.shape, alike).compute.values())
        room = [max(1, self.room.free.get(vram(one.id), 0) - DRIVER_BYTES - compute) for one in devices]
        layers = layer_bytes(self.shape, alike)[-alike.gpu_layers :]
        return split(layers, room)

    def placed(self, plan: LoadPlan, steps: Steps) -> Placed:
        """What a plan takes."""
        noted = replace(plan, note="; ".join(steps))
        footprint = self.estimate(self.shape, noted)
        return Placed(noted, footprint, needed(self.shape, footprint, self.room.devices), steps)


def split(layers: Sequence[int], room: Sequence[int]) -> tuple[float, ...]:
    """How many of the layers each accelerator gets, by their bytes and its room, as llama.cpp's `tensor_split`.

    A layer goes to the first accelerator whose summed share is above the layer's place, so each bound is half a layer before it.
    """
    filled, total, whole = list(accumulate(layers)), sum(layers), sum(room)
    bounds = [bisect_right(filled, total * part / whole + layers[0] / 2) for part in accumulate(room[:-1])]
    edges = [0.0, *(max(0.0, bound - 0.5) for bound in bounds), float(len(layers))]
    return tuple(after - before for before, after in pairwise(edges))
