"""What `janus doctor` says of machines that tests write down, and of an engine room whose machine nobody measures."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest

from janus_lab import open_lab
from janus_lab.adapters.leases.memory import MemoryLeases
from janus_lab.adapters.probe.inventory import write_inventory
from janus_lab.adapters.samples.memory import MemorySamples
from janus_lab.lab.machine_checks import machine_checks, sampler_checks
from janus_lab.ports.engine_room import RoomState
from janus_lab.values.health import Verdict
from janus_lab.values.lease import Capacity
from janus_lab.values.machine import Device, Sample

GB = 1 << 30
CARD = Device("0", "H100", memory_total=80 * GB, memory_used=3 * GB)
SAMPLE = Sample("loom", 1.0, 7.5, 0.1, 32 * GB, 9 * GB, (CARD,), limited="cgroup")


def found(sample):
    return [(check.name, check.verdict, check.detail) for check in machine_checks(lambda: sample)]


def test_a_machine_is_told_with_its_accelerators():
    assert found(SAMPLE) == [
        ("machine", Verdict.OK, "7.5 processors, 9.0 of 32.0 GiB used, limited by a container"),
        ("accelerator 0", Verdict.OK, "H100, 3.0 of 80.0 GiB used"),
    ]


def test_what_can_not_be_measured_is_a_failure_with_a_remedy():
    lost = replace(CARD, failure="GPU is lost")
    failures = {"vram:0": "GPU is lost", "vram": "no library"}
    checks = list(machine_checks(lambda: replace(SAMPLE, devices=(lost,), failures=failures)))
    failed = [check for check in checks if check.verdict is Verdict.FAILED]
    assert [(check.name, check.detail) for check in failed] == [
        ("accelerator 0", "H100 can't be measured: GPU is lost"),
        ("machine vram", "no library"),
    ]
    assert all("nvidia-smi" in check.remedy for check in failed)


def test_what_is_peculiar_about_an_accelerator_is_said():
    shared = Device("apple0", "Apple M2", kind="apple")
    silent = replace(CARD, attributed=False)
    assert [detail for _, _, detail in found(replace(SAMPLE, devices=(shared, silent)))][1:] == [
        "Apple M2, computing in main memory",
        "H100, 3.0 of 80.0 GiB used; its driver does not tell by whom",
    ]


@contextmanager
def doctor(project, sample, **settings):
    file = project / "machine.json"
    write_inventory(file, sample)
    url = file.as_uri().replace("file:", "inventory:")
    with open_lab(project / ".janus", inline=True, probe_url=url, machine="loom", **settings) as lab:
        yield lab, file


def test_a_lab_on_a_machine_without_a_working_accelerator_is_not_healthy(project):
    with doctor(project, replace(SAMPLE, failures={"vram": "the driver does not answer"})) as (lab, _):
        failed = [check for check in lab.doctor().checks if check.verdict is Verdict.FAILED]
    assert [check.name for check in failed] == ["machine vram"]


def test_a_machine_that_can_not_be_measured_is_told(project):
    with doctor(project, SAMPLE) as (lab, file):
        assert lab.doctor().healthy
        file.unlink()
        checks = {check.name: check for check in lab.doctor().checks}
    assert checks["machine"].verdict is Verdict.FAILED
    assert "probe_url" in checks["machine"].remedy


class Room:
    """An engine room with a worker on this machine, as far as it is asked."""

    def __init__(self, **state):
        self.ticks = 1_795_366_353.0
        self.leases = MemoryLeases(lambda: self.ticks)
        self.samples = MemorySamples(5.0, 60.0, lambda: self.ticks)
        self._state = RoomState(running=True, **{"worker_pid": 7, "worker_ready": True, **state})

    def reached(self):
        return SimpleNamespace(leases=self.leases, samples=self.samples) if self._state.running else None

    def state(self):
        return self._state

    def measured(self, **capacities):
        self.samples.publish(SAMPLE)
        at, _ = self.leases.held("loom")
        self.leases.publish("loom", capacities, measured_at=at, stale_seconds=5.0)


def test_a_machine_that_is_measured_lends_what_it_has():
    room = Room()
    room.measured(ram=Capacity(9))
    (check,) = sampler_checks(room, "loom")
    assert (check.verdict, check.detail) == (Verdict.OK, "0 held, 0 waited for on loom")


def test_a_machine_that_nobody_measures_any_more_is_told():
    room = Room()
    room.measured(ram=Capacity(9))
    room.ticks += 6.0
    (check,) = sampler_checks(room, "loom")
    assert check.verdict is Verdict.FAILED
    assert check.detail.startswith("nobody measures loom")
    assert "logs/worker.log" in check.remedy


def test_what_is_not_lent_at_present_is_told():
    room = Room()
    room.measured(ram=Capacity(9), **{"vram:0": Capacity(9, failure="GPU is lost")})
    (check,) = sampler_checks(room, "loom")
    assert (check.verdict, check.detail) == (Verdict.WARNING, "not lent at present: vram:0: GPU is lost")


@pytest.mark.parametrize("state", [{"worker_ready": False}, {"worker_pid": None}])
def test_where_no_worker_is_ready_here_nobody_need_measure(state):
    assert list(sampler_checks(Room(**state), "loom")) == []
