"""What loading a model would do at this moment: the same ways, the same memory and the same law of eviction, and nothing is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from janus_lab.inference.eviction import Idle, to_unload, weights_of
from janus_lab.inference.layout import Layout, Model
from janus_lab.resources.placement import Placed
from janus_lab.resources.wish import Room
from janus_lab.values.model_status import Fit


@dataclass(frozen=True, slots=True)
class Staying:
    """A loaded model that is not unloaded for others: because it is pinned, or else because it is in use. Bytes by resource."""

    name: str
    covered: Mapping[str, int]
    pinned: bool


def foreseen(ways: Sequence[Placed], here: Room, idle: Sequence[Idle] = (), staying: Sequence[Staying] = ()) -> Fit:
    """`ways` in the order in which they are wished for; of `here` nothing that idle models hold counts as free.

    A load takes the first way that there is memory for, once idle models have made room. Where there is none, the first that could
    ever be is told, and who holds what it lacks.
    """
    there = _with(here.free, idle)
    now = next((way for way in ways if way.within(there)), None)
    if now is not None:
        return _told(now, here, now=True, evicts=to_unload(idle, _lacking(now, here.free)))
    later = next((way for way in ways if way.within(here.budgets)), ways[0])
    lacking = _lacking(later, there)
    kept = [one for one in staying if any(one.covered.get(name) for name in lacking)]
    return _told(later, here, now=False, kept=[f"{one.name}, {_why(one)}" for one in kept])


def tried(layouts: Sequence[Layout[Model]], here: Room, idle: Sequence[Idle]) -> list[Layout[Model]]:
    """In the order in which a load tries them: first those that there is memory for, once idle models have made room.

    So none is unloaded for a way that comes to nothing.
    """
    there = _with(here.free, idle)
    return sorted(layouts, key=lambda layout: not layout.way.within(there))


def as_it_is(placed: Placed, ways: Sequence[Placed], here: Room) -> Fit:
    """Of a model that is loaded nothing happens; its load may have shown what it takes, which `ways` are told by."""
    known = next((way for way in ways if way.plan == placed.plan), placed)
    return _told(known, here, now=True)


def _told(way: Placed, here: Room, *, now: bool, evicts: Sequence[str] = (), kept: Sequence[str] = ()) -> Fit:
    return Fit(
        way.plan,
        way.footprint,
        {name: here.free.get(name, 0) for name in way.needed},
        {name: here.budgets.get(name, 0) for name in way.needed},
        now=now,
        ever=now or way.within(here.budgets),
        steps=way.steps,
        evicts=tuple(evicts),
        kept=tuple(kept),
    )


def _with(free: Mapping[str, int], idle: Sequence[Idle]) -> dict[str, int]:
    held = weights_of(idle)
    return {name: amount + held.get(name, 0) for name, amount in free.items()}


def _lacking(way: Placed, free: Mapping[str, int]) -> dict[str, int]:
    short = {name: amount - free.get(name, 0) for name, amount in way.needed.items()}
    return {name: amount for name, amount in short.items() if amount > 0}


def _why(one: Staying) -> str:
    return "which is pinned" if one.pinned else "which is in use, or was a moment ago"
