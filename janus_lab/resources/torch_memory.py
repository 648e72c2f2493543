"""Where a model of sentence-transformers goes, and what it takes there, told before it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from janus_lab.values.lease import RAM

_MIB = 1024 * 1024
_LIBRARIES = 500 * _MIB
"""What torch itself takes of main memory once it is loaded."""
_WORK = 1024 * _MIB
"""An accelerator's context, and what is computed there at a time."""
_COPIES = 2
"""Weights are read before they are placed."""
_PREFIX = "vram:"


@dataclass(frozen=True, slots=True)
class TorchPlace:
    """A place: the accelerator's id ("" for the processors), and bytes by resource."""

    device: str
    needed: Mapping[str, int]


def torch_places(size: int, free: Mapping[str, int], *, accelerated: bool = True) -> list[TorchPlace]:
    """Places for weights of `size` bytes, best first: the accelerator with the most free memory, then the processors."""
    processors = TorchPlace("", {RAM: _COPIES * size + _LIBRARIES})
    found = {name: amount for name, amount in free.items() if name.startswith(_PREFIX)}
    if not found or not accelerated:
        return [processors]
    best = max(found, key=lambda name: found[name])
    return [TorchPlace(best.removeprefix(_PREFIX), {RAM: size + _LIBRARIES, best: size + _WORK}), processors]
