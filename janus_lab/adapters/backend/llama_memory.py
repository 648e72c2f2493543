"""What llama.cpp says that a loaded model takes: the buffers that it made, as it logs them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from janus_lab.adapters.backend.llama_devices import Accelerator
from janus_lab.values.lease import RAM, vram
from janus_lab.values.model import Footprint, Origin

_SIZE = re.compile(r"(?P<buffer>\S+) +(?P<part>\w+) buffer size = +(?P<mib>[\d.]+) MiB")
_MIB = 1024 * 1024
_WEIGHTS, _WORK = "model", ("compute", "output")


def footprint(lines: Iterable[str], devices: Sequence[Accelerator], weights: int) -> Footprint:
    """The memory of one model by resource, from what was logged while it and its context were made.

    `weights` are the bytes of all its tensors: a mapped file reports the whole stretch that it maps, also what was copied elsewhere
    since. What is not weights and not scratch is a cache of what was read: keys, values, states.
    """
    parts: dict[str, dict[str, int]] = {"weights": {}, "cache": {}, "compute": {}}
    for line in lines:
        if found := _SIZE.search(line):
            kind = found["part"]
            part = parts["weights" if kind == _WEIGHTS else "compute" if kind in _WORK else "cache"]
            resource = _resource(found["buffer"], devices)
            part[resource] = part.get(resource, 0) + round(float(found["mib"]) * _MIB)
    if RAM in parts["weights"]:
        parts["weights"][RAM] = min(parts["weights"][RAM], weights)
    return Footprint(parts["weights"], parts["cache"], parts["compute"], Origin.MEASURED)


def _resource(buffer: str, devices: Sequence[Accelerator]) -> str:
    """`CUDA0` is an accelerator's memory; `CUDA_Host` is main memory that it reaches, as all of `CPU…` is."""
    if "Host" not in buffer:
        for one in devices:
            if buffer == one.name or buffer.startswith(f"{one.name}_"):
                return vram(one.id)
    return RAM
