"""Accelerators of AMD and of Apple, as their systems tell of them."""

from __future__ import annotations

import plistlib

import pytest

from janus_lab.adapters.probe.amd import AmdAccelerators
from janus_lab.adapters.probe.apple import LOOK_SECONDS, AppleAccelerators, asked_registry
from janus_lab.values.machine import Device

GB = 1 << 30


def write(root, **files):
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")


@pytest.fixture
def kernel(tmp_path):
    """A kernel's files with cards of AMD, and what goes with them: a screen's plug, and somebody else's card."""

    def card(number, *, total=16 * GB, used=GB, **more):
        place = f"sys/class/drm/card{number}/device"
        facts = {"vendor": "0x1002", "mem_info_vram_total": total, "mem_info_vram_used": used, **more}
        write(tmp_path, **{f"{place}/{name}": value for name, value in facts.items()})
        (tmp_path / place / f"drm/renderD{128 + number}").mkdir(parents=True)

    write(tmp_path, **{"sys/class/drm/card0-DP-1/status": "connected", "sys/class/drm/card9/device/vendor": "0x8086"})
    card.root = tmp_path
    return card


def compute(kernel, number, gpu_id, **by_process):
    node = f"sys/class/kfd/kfd/topology/nodes/{number}"
    write(
        kernel.root,
        **{f"{node}/gpu_id": gpu_id, f"{node}/properties": f"simd_count 8\ndrm_render_minor {127 + number}"},
    )
    write(kernel.root, **{f"sys/class/kfd/kfd/proc/{pid[1:]}/vram_{gpu_id}": used for pid, used in by_process.items()})


def measured(kernel, **options):
    return AmdAccelerators(kernel.root, **{"seen": lambda pids: True, **options}).measure()


def test_a_card_is_told_with_its_memory_load_and_warmth(kernel):
    kernel(
        0,
        product_name="Radeon PRO W7800",
        unique_id="8c4f",
        gpu_busy_percent=37,
        **{"hwmon/hwmon3/temp1_input": 51_000, "hwmon/hwmon3/power1_average": 88_500_000},
    )
    compute(kernel, 1, 4711)
    assert measured(kernel).devices == (
        Device(
            "amd0",
            "Radeon PRO W7800",
            kind="amd",
            uuid="8c4f",
            memory_total=16 * GB,
            memory_used=GB,
            load=0.37,
            temperature_celsius=51.0,
            power_watts=88.5,
        ),
    )


def test_cards_have_their_processes(kernel):
    for number in (0, 1, 10):
        kernel(number, total=(number + 1) * GB)
    compute(kernel, 1, 100, p17=5, p18=6)
    compute(kernel, 2, 200, p17=7)
    compute(kernel, 11, 300)
    told = measured(kernel)
    assert [(device.id, device.memory_total // GB) for device in told.devices] == [
        ("amd0", 1),
        ("amd1", 2),
        ("amd2", 11),
    ]
    assert told.vram == {17: {"amd0": 5, "amd1": 7}, 18: {"amd0": 6}}


def test_a_card_whose_memory_is_not_told_is_a_failure(kernel):
    kernel(0)
    cards = AmdAccelerators(kernel.root, seen=lambda pids: True)
    assert cards.measure().failures == {}
    (kernel.root / "sys/class/drm/card0/device/mem_info_vram_used").unlink()
    assert set(cards.measure().failures) == {"vram:amd0"}


def test_without_the_compute_driver_or_in_a_container_nobody_is_told_who_uses_it(kernel):
    kernel(0)
    assert not measured(kernel).devices[0].attributed
    compute(kernel, 1, 100)
    assert measured(kernel).devices[0].attributed
    assert not measured(kernel, seen=lambda pids: False).devices[0].attributed


def test_a_machine_without_cards_has_none(tmp_path):
    told = AmdAccelerators(tmp_path).measure()
    assert (told.devices, told.failures) == ((), {})


def test_apple_s_accelerator_has_a_load_and_no_memory_of_its_own():
    entry = {
        "IOClass": "AGXAcceleratorG14X",
        "model": b"Apple M2 Pro\0",
        "gpu-core-count": 19,
        "PerformanceStatistics": {"Device Utilization %": 12, "In use system memory": 734_003_200},
    }
    (device,) = AppleAccelerators(lambda: plistlib.dumps([entry])).measure().devices
    assert device == Device("apple0", "Apple M2 Pro", kind="apple", load=0.12, attributed=False)


@pytest.mark.parametrize(
    "text", [b"", b"not a property list", plistlib.dumps({"a": 1}), plistlib.dumps([1, 2])], ids=range(4)
)
def test_a_registry_that_tells_nothing_means_no_accelerators(text):
    told = AppleAccelerators(lambda: text).measure()
    assert (told.devices, told.failures) == ((), {})


def test_the_registry_is_asked_only_now_and_then():
    times = [0.0]
    asked = []
    cards = AppleAccelerators(lambda: asked.append(1) or b"", lambda: times[0])
    for moment in (0.0, 1.0, LOOK_SECONDS - 0.1, LOOK_SECONDS, LOOK_SECONDS + 1):
        times[0] = moment
        cards.measure()
    assert len(asked) == 2


def test_asking_the_registry_never_fails():
    assert isinstance(asked_registry(), bytes)
