"""One of NVIDIA's accelerators, or the instances that it is partitioned into (MIG): memory, load, and who uses how much."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from janus_lab.adapters.probe.namespace import Seen
from janus_lab.values.machine import Device

SLOW_SECONDS = 2.0
"""Temperature and power are asked for no more often; drivers take their time to answer."""


@dataclass(slots=True)
class Measured:
    """Devices, bytes by process and device, and the errors of those that failed."""

    devices: list[Device] = field(default_factory=list)
    vram: dict[int, dict[str, int]] = field(default_factory=dict)
    errors: list[Exception] = field(default_factory=list)

    def add(self, other: Measured) -> None:
        """Take in what was measured of another one."""
        self.devices += other.devices
        self.errors += other.errors
        for pid, used in other.vram.items():
            self.vram.setdefault(pid, {}).update(used)


@dataclass(frozen=True, slots=True)
class _Warmth:
    at: float
    celsius: float | None
    watts: float | None


class DeviceReader:
    """Asks NVML, the module `pynvml`, which is initialised. `seen` judges the process ids that it tells."""

    def __init__(self, pynvml: Any, seen: Seen, clock: Callable[[], float]) -> None:
        self._nvml = pynvml
        self._seen = seen
        self._clock = clock
        self._warmth: dict[str, _Warmth] = {}

    def measure(self, index: int) -> Measured:
        """The accelerator of that index, or its instances. Raises NVMLError if it does not answer."""
        handle = self._nvml.nvmlDeviceGetHandleByIndex(index)
        if self._partitioned(handle):
            return self._instances(str(index), handle)
        device = self._described(str(index), handle)
        warmth = self._warm(device.uuid, handle)
        device = replace(device, temperature_celsius=warmth.celsius, power_watts=warmth.watts)
        return self._attributed(device, self._processes(handle))

    def _instances(self, index: str, whole: Any) -> Measured:
        """Instances by the number of the part of the memory that they stand on; several may share one."""
        found: dict[int, list[Any]] = {}
        for number in range(self._nvml.nvmlDeviceGetMaxMigDeviceCount(whole)):
            try:
                handle = self._nvml.nvmlDeviceGetMigDeviceHandleByIndex(whole, number)
            except (self._nvml.NVMLError_NotFound, self._nvml.NVMLError_InvalidArgument):
                continue  # nothing was made of this part
            found.setdefault(self._nvml.nvmlDeviceGetGpuInstanceId(handle), []).append(handle)
        told = Measured()
        for part, handles in sorted(found.items()):
            told.add(self._instance(f"{index}.{part}", whole, part, handles))
        return told

    def _instance(self, device_id: str, whole: Any, part: int, handles: list[Any]) -> Measured:
        try:
            device = self._described(device_id, handles[0])
            processes = [process for handle in handles for process in self._of_instance(whole, handle, part)]
        except self._nvml.NVMLError as error:
            return Measured([Device(device_id, "", failure=str(error))], errors=[error])
        return self._attributed(device, processes)

    def _of_instance(self, whole: Any, handle: Any, part: int) -> list[Any]:
        try:
            return self._processes(handle)
        except self._nvml.NVMLError_NotSupported:
            return [process for process in self._processes(whole) if process.gpuInstanceId == part]

    def _described(self, device_id: str, handle: Any) -> Device:
        total = used = 0
        try:
            memory = self._nvml.nvmlDeviceGetMemoryInfo(handle)
            # What is not free can't be had: used, or kept back by the driver.
            total, used = int(memory.total), int(memory.total) - int(memory.free)
        except self._nvml.NVMLError_NotSupported:
            pass  # it has none of its own: it computes in main memory
        return Device(
            device_id,
            str(self._nvml.nvmlDeviceGetName(handle)),
            uuid=str(self._nvml.nvmlDeviceGetUUID(handle)),
            memory_total=total,
            memory_used=used,
            load=self._asked(lambda: self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100),
        )

    def _attributed(self, device: Device, processes: Iterable[Any]) -> Measured:
        used: dict[int, int] = {}
        silent = False
        for process in processes:
            silent = silent or process.usedGpuMemory is None
            # The same process is told of once for computing and once for drawing, each time with all that it uses.
            used[process.pid] = max(used.get(process.pid, 0), int(process.usedGpuMemory or 0))
        device = replace(device, attributed=not silent and self._seen(used))
        return Measured([device], {pid: {device.id: amount} for pid, amount in used.items()})

    def _processes(self, handle: Any) -> list[Any]:
        nvml = self._nvml
        computing = self._listed(
            handle, nvml.nvmlDeviceGetComputeRunningProcesses_v3, nvml.nvmlDeviceGetComputeRunningProcesses_v2
        )
        try:
            drawing = self._listed(
                handle, nvml.nvmlDeviceGetGraphicsRunningProcesses_v3, nvml.nvmlDeviceGetGraphicsRunningProcesses_v2
            )
        except nvml.NVMLError_NotSupported:
            drawing = []  # instances draw nothing
        return [*computing, *drawing]

    def _listed(
        self, handle: Any, ask: Callable[[Any], list[Any]], ask_old_driver: Callable[[Any], list[Any]]
    ) -> list[Any]:
        try:
            return ask(handle)
        except self._nvml.NVMLError_FunctionNotFound:
            return ask_old_driver(handle)
        except self._nvml.NVMLError_InsufficientSize:
            return ask(handle)  # so many have begun between two questions

    def _partitioned(self, handle: Any) -> bool:
        try:
            mode, _ = self._nvml.nvmlDeviceGetMigMode(handle)
        except (self._nvml.NVMLError_NotSupported, self._nvml.NVMLError_FunctionNotFound):
            return False
        return bool(mode == self._nvml.NVML_DEVICE_MIG_ENABLE)

    def _warm(self, uuid: str, handle: Any) -> _Warmth:
        known = self._warmth.get(uuid)
        if known is None or self._clock() - known.at >= SLOW_SECONDS:
            celsius = self._asked(
                lambda: float(self._nvml.nvmlDeviceGetTemperature(handle, self._nvml.NVML_TEMPERATURE_GPU))
            )
            watts = self._asked(lambda: self._nvml.nvmlDeviceGetPowerUsage(handle) / 1000)
            known = self._warmth[uuid] = _Warmth(self._clock(), celsius, watts)
        return known

    def _asked(self, ask: Callable[[], Any]) -> Any:
        """The answer, or None where there is none: it is for people only, and a device that is lost says so about its memory."""
        try:
            return ask()
        except self._nvml.NVMLError:
            return None
