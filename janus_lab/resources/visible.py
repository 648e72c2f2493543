"""Which of a machine's accelerators a process sees, and as which number: its environment may hide some and count them anew.

Source of what a list means: NVIDIA, CUDA C++ Programming Guide, "CUDA Environment Variables".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from janus_lab.values.machine import Device

_LISTS = {
    "nvidia": ("CUDA_VISIBLE_DEVICES",),
    "amd": ("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"),
}
_NUMBER = re.compile(r"\s*\+?(\d+)")


def visible(devices: Sequence[Device], kind: str, environment: Mapping[str, str]) -> tuple[Device, ...]:
    """Accelerators of a kind in the order in which a process with this environment counts them, by their place on the bus.

    One that is divided is seen as one of its instances: the first, unless the list names another.
    """
    ours = [device for device in devices if device.kind == kind]
    listed = next((environment[name] for name in _LISTS.get(kind, ()) if name in environment), None)
    whole = _whole(ours)
    if listed is None:
        return whole if not _divided(ours) else whole[:1]
    return _named(listed, ours, whole)


def numbered(names: Sequence[str], devices: Sequence[Device], environment: Mapping[str, str]) -> Mapping[str, int]:
    """The number of each device, by its id, among accelerators that a library counts under these names (such as CUDA0, MTL0)."""
    kinds = [_kind(name) for name in names]
    seen = {kind: iter(visible(devices, kind, environment)) for kind in set(kinds)}
    found = [(next(seen[kind], None), number) for number, kind in enumerate(kinds)]
    return {device.id: number for device, number in found if device is not None}


def _kind(name: str) -> str:
    """Whose accelerator a library means; whatever speaks to all kinds is taken to count the most common one."""
    if name.startswith("ROCm"):
        return "amd"
    return "apple" if name.startswith(("MTL", "Metal")) else "nvidia"


def _whole(devices: Iterable[Device]) -> tuple[Device, ...]:
    """Each card once; one that is divided as its first instance."""
    first: dict[str, Device] = {}
    for device in devices:
        first.setdefault(device.id.partition(".")[0], device)
    return tuple(first.values())


def _divided(devices: Iterable[Device]) -> bool:
    return any("." in device.id for device in devices)


def _named(listed: str, devices: Sequence[Device], whole: Sequence[Device]) -> tuple[Device, ...]:
    """What is listed up to the first entry that means nothing; nothing at all where one is listed twice."""
    found: list[Device] = []
    for entry in listed.split(","):
        device = _meant(entry, devices, whole)
        if device is None:
            break
        if device in found:
            return ()
        found.append(device)
    # No process computes on two instances.
    return tuple(found[:1] if _divided(found) else found)


def _meant(entry: str, devices: Sequence[Device], whole: Sequence[Device]) -> Device | None:
    """By its number, or by the beginning of its UUID where that is only one's."""
    if (number := _NUMBER.match(entry)) is not None:
        return whole[int(number[1])] if int(number[1]) < len(whole) else None
    text = entry.strip()
    alike = [device for device in devices if text and device.uuid.startswith(text)]
    return alike[0] if len(alike) == 1 else None
