"""NVIDIA's accelerators, told by the driver's library (NVML)."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from janus_lab.adapters.probe.accelerators import Accelerated
from janus_lab.adapters.probe.namespace import Seen, tells_processes
from janus_lab.adapters.probe.nvidia_device import DeviceReader, Measured
from janus_lab.values.lease import vram
from janus_lab.values.machine import Device

RETRY_SECONDS = 5.0
"""How often a library that is not there or does not answer is tried again."""
ALL = "vram"
"""The name under which it is told that no accelerator could be measured."""
_DRIVER = ("proc/driver/nvidia/version", "dev/nvidiactl", "dev/dxg")
"""Where a driver shows itself (the last one under Windows)."""


class NvidiaAccelerators:
    """Every accelerator and every instance of one that is partitioned, under its index, as `nvidia-smi` counts them.

    `root` is where the file system begins; `clock` tells seconds since whenever.
    """

    def __init__(
        self, root: Path = Path("/"), seen: Seen | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._root = root
        self._clock = clock
        self._seen = seen or tells_processes(root)
        self._nvml: Any = None
        self._reader: DeviceReader | None = None
        self._known: dict[str, Device] = {}
        self._retry_at = float("-inf")
        self._silent = Accelerated()

    def measure(self) -> Accelerated:
        """All accelerators now; none where there is no driver."""
        import pynvml

        if self._reader is None and self._clock() < self._retry_at:
            return self._silent
        try:
            reader = self._reader or self._open(pynvml)
            count = pynvml.nvmlDeviceGetCount()
        except pynvml.NVMLError as error:
            return self._unanswered(pynvml, error)
        found = Measured()
        for index in range(count):
            try:
                found.add(reader.measure(index))
            except pynvml.NVMLError_NoPermission:
                continue  # it is somebody else's: a container is shown what it may not use
            except pynvml.NVMLError as error:
                found.add(self._failed(str(index), error))
        self._known = {device.id: device for device in found.devices}
        failures = {vram(device.id): device.failure for device in found.devices if device.failure}
        if any(isinstance(error, pynvml.NVMLError_Uninitialized) for error in found.errors):
            self._close(pynvml)
        return Accelerated(tuple(found.devices), found.vram, failures)

    def _open(self, pynvml: Any) -> DeviceReader:
        pynvml.nvmlInit()
        self._reader = DeviceReader(pynvml, self._seen, self._clock)
        return self._reader

    def _close(self, pynvml: Any) -> None:
        if self._reader is not None:
            self._reader = None
            with suppress(pynvml.NVMLError):
                pynvml.nvmlShutdown()

    def _failed(self, device_id: str, error: Exception) -> Measured:
        known = self._known.get(device_id)
        name = known.name if known is not None else ""
        return Measured([Device(device_id, name, failure=str(error))], errors=[error])

    def _unanswered(self, pynvml: Any, error: Exception) -> Accelerated:
        self._close(pynvml)
        self._retry_at = self._clock() + RETRY_SECONDS
        absent = isinstance(error, pynvml.NVMLError_LibraryNotFound | pynvml.NVMLError_DriverNotLoaded)
        if absent and not self._known and not self._driver():
            self._silent = Accelerated()
        else:
            self._silent = Accelerated(failures={ALL: f"NVIDIA's library (libnvidia-ml) does not answer: {error}"})
        return self._silent

    def _driver(self) -> bool:
        return any((self._root / path).exists() for path in _DRIVER)
