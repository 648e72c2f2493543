"""NVIDIA's accelerators as the driver's library tells them, through the real bindings: devices, instances, processes, failures."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from nvml_stub import (
    GPU_IS_LOST,
    NO_PERMISSION,
    NOT_SUPPORTED,
    SOURCE,
    UNKNOWN,
    UNTOLD,
    VERSION_MISMATCH,
    build,
)

from janus_lab.adapters.probe.nvidia import RETRY_SECONDS, NvidiaAccelerators
from janus_lab.adapters.probe.nvidia_device import SLOW_SECONDS

GB = 1 << 30


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cards(nvidia, clock, tmp_path):
    """What is measured where nothing but the library tells of a driver."""
    return NvidiaAccelerators(root=tmp_path, seen=lambda pids: True, clock=clock)


def test_a_device_is_told_with_its_memory_load_and_warmth(nvidia, cards):
    nvidia.device(0, "NVIDIA-H100", total=80 * GB, free=70 * GB).load(0, 35, 81_500, 44).write()
    (device,) = cards.measure().devices
    assert (device.id, device.name, device.kind, device.uuid) == ("0", "NVIDIA-H100", "nvidia", "GPU-0")
    assert (device.memory_total, device.memory_used) == (80 * GB, 10 * GB)
    assert (device.load, device.power_watts, device.temperature_celsius) == (0.35, 81.5, 44.0)
    assert device.failure == ""


def test_several_devices_have_their_processes(nvidia, cards):
    for index in range(4):
        nvidia.device(index, total=80 * GB, free=80 * GB)
    nvidia.process(0, 17, 5 * GB).process(3, 17, 6 * GB).process(3, 18, GB).write()
    told = cards.measure()
    assert [device.id for device in told.devices] == ["0", "1", "2", "3"]
    assert told.vram == {17: {"0": 5 * GB, "3": 6 * GB}, 18: {"3": GB}}
    assert told.failures == {}


def test_one_that_computes_and_draws_is_counted_once(nvidia, cards):
    nvidia.device(0, total=24 * GB, free=20 * GB).process(0, 17, 3 * GB).process(0, 17, 3 * GB, kind="G")
    nvidia.process(0, 9, GB, kind="G").write()
    assert cards.measure().vram == {17: {"0": 3 * GB}, 9: {"0": GB}}


def test_many_processes_are_all_told(nvidia, cards):
    nvidia.device(0, total=80 * GB, free=GB)
    for pid in range(1, 61):
        nvidia.process(0, pid, GB)
    nvidia.write()
    assert len(cards.measure().vram) == 60


def test_a_partitioned_device_is_its_instances(nvidia, cards):
    nvidia.device(0, "A100", total=40 * GB, free=1 * GB, mig=1)
    nvidia.part(0, 0, instance=3, total=20 * GB, free=15 * GB).part(0, 2, instance=9, total=5 * GB, free=5 * GB)
    nvidia.process(0, 17, 4 * GB, part=0, instance=3).device(1, total=40 * GB, free=40 * GB).write()
    told = cards.measure()
    assert [(device.id, device.uuid, device.memory_total >> 30) for device in told.devices] == [
        ("0.3", "MIG-0-0", 20),
        ("0.9", "MIG-0-2", 5),
        ("1", "GPU-1", 40),
    ]
    assert [device.name for device in told.devices] == ["A100 MIG", "A100 MIG", "H100"]
    assert told.vram == {17: {"0.3": 4 * GB}}
    assert told.devices[0].load is None


def test_instances_on_the_same_part_of_the_memory_are_one_device(nvidia, cards):
    nvidia.device(0, mig=1).part(0, 0, instance=3, total=20 * GB, free=9 * GB).part(
        0, 1, instance=3, total=20 * GB, free=9 * GB
    )
    nvidia.process(0, 17, 5 * GB, part=0, instance=3).process(0, 18, 6 * GB, part=1, instance=3).write()
    told = cards.measure()
    assert [(device.id, device.memory_used) for device in told.devices] == [("0.3", 11 * GB)]
    assert told.vram == {17: {"0.3": 5 * GB}, 18: {"0.3": 6 * GB}}


def test_instances_that_are_not_told_of_processes_take_theirs_from_the_whole(nvidia, cards):
    nvidia.device(0, mig=1).part(0, 0, instance=3, total=20 * GB, free=9 * GB).part(
        0, 1, instance=4, total=20 * GB, free=9 * GB
    )
    nvidia.process(0, 17, 5 * GB, instance=3).process(0, 18, 6 * GB, instance=4)
    # Index 0 is the device; the library of the stub asks its parts by their own number.
    nvidia.fail("nvmlDeviceGetComputeRunningProcesses_v3", NOT_SUPPORTED, "0/part").write()
    assert cards.measure().vram == {17: {"0.3": 5 * GB}, 18: {"0.4": 6 * GB}}


def test_instances_that_fail_say_so_one_by_one(nvidia, cards):
    nvidia.device(0, mig=1).part(0, 0, instance=3, total=20 * GB, free=9 * GB)
    nvidia.part(0, 1, instance=4, total=20 * GB, free=9 * GB).write()
    assert cards.measure().failures == {}
    nvidia.fail("nvmlDeviceGetMemoryInfo", GPU_IS_LOST, "0/part").write()
    told = cards.measure()
    assert told.failures == {"vram:0.3": "GPU is lost", "vram:0.4": "GPU is lost"}


def test_a_device_that_is_lost_says_so_and_the_others_go_on(nvidia, cards):
    nvidia.device(0, "A", total=80 * GB, free=80 * GB).device(1, "B", total=80 * GB, free=80 * GB).write()
    cards.measure()
    nvidia.fail("nvmlDeviceGetHandleByIndex_v2", GPU_IS_LOST, 1).write()
    told = cards.measure()
    assert [(device.id, device.name, device.failure) for device in told.devices] == [
        ("0", "A", ""),
        ("1", "B", "GPU is lost"),
    ]
    assert told.failures == {"vram:1": "GPU is lost"}


@pytest.mark.parametrize(
    "function", ["nvmlDeviceGetMemoryInfo", "nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetMigMode"]
)
def test_a_question_without_an_answer_is_a_failure_not_free_memory(nvidia, cards, function):
    nvidia.device(0, total=80 * GB, free=80 * GB).fail(function, UNKNOWN).write()
    told = cards.measure()
    assert told.devices[0].failure == "Unknown Error"
    assert told.failures == {"vram:0": "Unknown Error"}


@pytest.mark.parametrize("code", [NOT_SUPPORTED, UNKNOWN])
def test_what_a_device_can_not_tell_is_left_open(nvidia, cards, code):
    nvidia.device(0, total=8 * GB, free=8 * GB, mig=-1)
    nvidia.fail("nvmlDeviceGetUtilizationRates", code).fail("nvmlDeviceGetTemperature", code)
    nvidia.fail("nvmlDeviceGetPowerUsage", code).write()
    (device,) = cards.measure().devices
    assert (device.load, device.power_watts, device.temperature_celsius, device.failure) == (None, None, None, "")


def test_one_that_computes_in_main_memory_has_none_of_its_own(nvidia, cards):
    nvidia.device(0, "GB10").write()
    (device,) = cards.measure().devices
    assert (device.memory_total, device.memory_used, device.failure) == (0, 0, "")


def test_a_device_that_may_not_be_used_is_not_ours(nvidia, cards):
    nvidia.device(0).device(1, total=GB, free=GB).fail("nvmlDeviceGetHandleByIndex_v2", NO_PERMISSION, 0).write()
    told = cards.measure()
    assert [device.id for device in told.devices] == ["1"]
    assert told.failures == {}


def test_processes_of_which_nothing_is_told_leave_the_device_unattributed(nvidia, cards):
    nvidia.device(0, total=8 * GB, free=5 * GB).process(0, 17, UNTOLD).write()
    told = cards.measure()
    assert not told.devices[0].attributed
    assert told.vram == {17: {"0": 0}}


def test_in_a_container_that_is_told_other_numbers_the_device_is_unattributed(nvidia, tmp_path, clock):
    namespace = tmp_path / "proc/self/ns/pid"
    namespace.parent.mkdir(parents=True)
    namespace.symlink_to("pid:[4026532999]")
    cards = NvidiaAccelerators(root=tmp_path, clock=clock)
    nvidia.device(0, total=8 * GB, free=5 * GB).write()
    assert not cards.measure().devices[0].attributed, "nobody is told, though something is used"
    nvidia.process(0, 2**22 + 7, GB).write()
    assert not cards.measure().devices[0].attributed, "the number of somebody who is not here"
    nvidia.clear().device(0, total=8 * GB, free=5 * GB).process(0, os.getpid(), GB).write()
    assert cards.measure().devices[0].attributed


def test_without_a_driver_there_are_no_devices_and_no_failure(nvidia, cards, clock):
    nvidia.unload()
    assert cards.measure() == type(cards.measure())()
    nvidia.device(0, total=GB, free=GB).write()
    assert cards.measure().devices == ()
    clock.now += RETRY_SECONDS
    assert [device.id for device in cards.measure().devices] == ["0"]


@pytest.mark.parametrize("path", ["proc/driver/nvidia/version", "dev/nvidiactl", "dev/dxg"])
def test_a_driver_whose_library_does_not_answer_is_a_failure(nvidia, cards, tmp_path, path):
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).touch()
    nvidia.unload()
    assert cards.measure().failures == {"vram": "NVIDIA's library (libnvidia-ml) does not answer: Driver Not Loaded"}


@pytest.mark.parametrize("function", ["nvmlInitWithFlags", "nvmlDeviceGetCount_v2"])
def test_a_library_that_refuses_is_a_failure_and_is_asked_again(nvidia, cards, clock, function):
    nvidia.device(0, total=GB, free=GB).fail(function, VERSION_MISMATCH).write()
    assert "mismatch" in cards.measure().failures["vram"]
    nvidia.clear().device(0, total=GB, free=GB).write()
    assert "mismatch" in cards.measure().failures["vram"], "it is not asked at every turn"
    clock.now += RETRY_SECONDS
    told = cards.measure()
    assert told.failures == {}
    assert len(told.devices) == 1


def test_a_driver_that_is_unloaded_under_way_is_a_failure_not_a_machine_without_devices(nvidia, cards, clock):
    nvidia.device(0, total=GB, free=GB).write()
    cards.measure()
    nvidia.unload()
    assert set(cards.measure().failures) == {"vram"}
    nvidia.write()
    clock.now += RETRY_SECONDS
    assert cards.measure().failures == {}


def test_warmth_is_not_asked_for_at_every_turn(nvidia, cards, clock):
    nvidia.device(0, total=GB, free=GB).load(0, 1, 1000, 30).write()
    cards.measure()
    nvidia.clear().device(0, total=GB, free=GB).load(0, 2, 2000, 60).write()
    assert cards.measure().devices[0].temperature_celsius == 30.0
    assert cards.measure().devices[0].load == 0.02
    clock.now += SLOW_SECONDS
    assert cards.measure().devices[0].temperature_celsius == 60.0
    assert cards.measure().devices[0].power_watts == 2.0


def test_an_old_driver_is_asked_in_the_old_way(nvidia, tmp_path, needed):
    folder = build(tmp_path / "old", needed("cc", "gcc", "clang"), "-DOLD_DRIVER").parent
    nvidia.device(0, total=GB, free=GB).process(0, 17, 5).write()
    code = (
        "import json; from janus_lab.adapters.probe.nvidia import NvidiaAccelerators;"
        "told = NvidiaAccelerators().measure(); print(json.dumps([told.vram, [d.failure for d in told.devices]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "LD_LIBRARY_PATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [{"17": {"0": 5}}, [""]]


def test_the_stub_is_what_it_says(nvml_library):
    assert SOURCE.read_text().startswith("/* A library in the place of NVIDIA's")
    assert (nvml_library / "libnvidia-ml.so.1").is_file()
