"""AMD's accelerators, told by the kernel in files; no library is needed."""

from __future__ import annotations

from pathlib import Path

from janus_lab.adapters.probe.accelerators import Accelerated
from janus_lab.adapters.probe.namespace import Seen, tells_processes
from janus_lab.values.lease import vram
from janus_lab.values.machine import Device

_VENDOR = "0x1002"
_CARDS = "sys/class/drm"
_COMPUTE = "sys/class/kfd/kfd"


class AmdAccelerators:
    """Every card of the driver amdgpu, as `amd0`, `amd1`, … in the kernel's order. `root` is where the file system begins."""

    def __init__(self, root: Path = Path("/"), seen: Seen | None = None) -> None:
        self._root = root
        self._seen = seen or tells_processes(root)
        cards = sorted((root / _CARDS).glob("card[0-9]*"), key=lambda card: (len(card.name), card.name))
        self._cards = [card / "device" for card in cards if _text(card / "device/vendor") == _VENDOR]

    def measure(self) -> Accelerated:
        """All cards that were here at the beginning, now."""
        if not self._cards:
            return Accelerated()
        told = self._processes()
        devices, used, failures = [], dict[int, dict[str, int]](), dict[str, str]()
        for number, card in enumerate(self._cards):
            device_id = f"amd{number}"
            of_card = told.get(_compute_id(self._root, card), {})
            device = self._device(device_id, card, attributed=bool(told) and self._seen(of_card))
            devices.append(device)
            if device.failure:
                failures[vram(device_id)] = device.failure
            for pid, amount in of_card.items():
                used.setdefault(pid, {})[device_id] = amount
        return Accelerated(tuple(devices), used, failures)

    def _device(self, device_id: str, card: Path, *, attributed: bool) -> Device:
        total, used = _number(card / "mem_info_vram_total"), _number(card / "mem_info_vram_used")
        busy = _number(card / "gpu_busy_percent")
        warm = next(card.glob("hwmon/hwmon*"), card)
        millidegrees = _number(warm / "temp1_input")
        microwatts = _number(warm / "power1_average") or _number(warm / "power1_input")
        return Device(
            device_id,
            _text(card / "product_name") or "AMD Radeon",
            kind="amd",
            uuid=_text(card / "unique_id"),
            memory_total=total or 0,
            memory_used=used or 0,
            load=None if busy is None else busy / 100,
            temperature_celsius=None if millidegrees is None else millidegrees / 1000,
            power_watts=None if microwatts is None else microwatts / 1e6,
            failure="" if total is not None and used is not None else "the driver amdgpu does not tell its memory",
            attributed=attributed,
        )

    def _processes(self) -> dict[str, dict[int, int]]:
        """Bytes by the compute driver's number of a card and by process; every card that it knows is there."""
        nodes = (self._root / _COMPUTE / "topology/nodes").glob("*/gpu_id")
        found: dict[str, dict[int, int]] = {_text(node): {} for node in nodes}
        for file in (self._root / _COMPUTE / "proc").glob("*/vram_*"):
            amount = _number(file)
            if amount is not None and file.parent.name.isdigit():
                found.setdefault(file.name.removeprefix("vram_"), {})[int(file.parent.name)] = amount
        return found


def _compute_id(root: Path, card: Path) -> str:
    """The compute driver's number of a card: both know the number of its file in /dev/dri."""
    minors = {name.name.removeprefix("renderD") for name in card.glob("drm/renderD*")}
    for node in (root / _COMPUTE / "topology/nodes").glob("*"):
        properties = dict(line.partition(" ")[::2] for line in _text(node / "properties").splitlines())
        if properties.get("drm_render_minor") in minors:
            return _text(node / "gpu_id")
    return ""


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""  # a kernel that does not tell this
