"""What of a machine a server gets that lays out its memory by itself, as vLLM does: a share that is leased before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from janus_lab.resources.wish import Room
from janus_lab.values.lease import RAM, vram

_TAKEN = 0.9
"""The part of what is free that is asked for; what is left over bears others' ups and downs."""
_ALONGSIDE = 4 << 30
"""Main memory that such a server takes beside an accelerator's, at most."""
_ON_PROCESSORS = 0.5
_ACCELERATOR = vram("")


@dataclass(frozen=True, slots=True)
class Share:
    """What is to be leased, in bytes by resource; the accelerator ("" for none) and the part of its memory that may be taken."""

    needed: Mapping[str, int]
    device: str = ""
    part: float = 0.0


def server_share(room: Room) -> Share:
    """Most of what is free on the accelerator that has the most of it; without one, half of the free main memory.

    Nobody can tell beforehand what it needs: it takes what it is given, for its cache.
    """
    free = {name: amount for name, amount in room.free.items() if name.startswith(_ACCELERATOR) and amount > 0}
    if not free:
        return Share({RAM: max(0, int(_ON_PROCESSORS * room.free.get(RAM, 0)))})
    best = max(sorted(free), key=free.__getitem__)
    leased = int(_TAKEN * free[best])
    # Of all that the accelerator has, which is more than what may be used of it: so it takes rather less than is leased.
    part = _TAKEN * leased / room.budgets[best]
    return Share(
        {best: leased, RAM: min(_ALONGSIDE, room.free.get(RAM, 0) // 2)}, best.removeprefix(_ACCELERATOR), part
    )
