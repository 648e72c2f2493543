"""What leases cover, in words."""

from __future__ import annotations

from collections.abc import Mapping

from janus_lab.values.lease import CPU, RAM
from janus_lab.values.size import size


def spoken(resource: str) -> str:
    """A resource as people call it: "memory", "threads", "GPU 0", or a slot's own name."""
    kind, _, which = resource.partition(":")
    return {RAM: "memory", CPU: "threads", "vram": f"GPU {which}"}.get(kind) or which or resource


def weighed(weights: Mapping[str, int]) -> str:
    """So much of each resource: "8.0 GiB of GPU 0, 2 threads"; "nothing" where there is none."""
    return ", ".join(_weight(name, number) for name, number in weights.items()) or "nothing"


def _weight(name: str, number: int) -> str:
    if name == RAM:
        return f"{size(number)} memory"
    if name == CPU:
        return f"{number} thread{'' if number == 1 else 's'}"
    return f"{size(number)} of {spoken(name)}" if name.startswith("vram:") else f"{number} × {spoken(name)}"
