"""The machine that runs the tests, measured."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from janus_lab.adapters.probe.accelerators import Accelerated
from janus_lab.adapters.probe.local import LocalProbe, open_probe
from janus_lab.values.machine import Device

MB = 1 << 20


@pytest.fixture
def child():
    """Starts a Python that runs `code`, then says a line and waits."""
    started = []

    def start(code: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", f"{code}\nprint('ready', flush=True)\ninput()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def one(sample, pid):
    return next(process for process in sample.processes if process.pid == pid)


def test_memory_and_processors_are_told():
    with open_probe(machine="here") as probe:
        sample = probe.sample([])
    whole = psutil.virtual_memory()
    assert sample.machine == "here"
    assert abs(sample.at - time.time()) < 60
    assert 0 < sample.ram_used < sample.ram_total <= whole.total
    assert 0 < sample.cpu_count <= psutil.cpu_count()
    assert 0 <= sample.cpu_load <= 1
    assert sample.failures == {}


def test_a_busy_processor_is_seen(child):
    with open_probe() as probe:
        begun = time.monotonic()
        before = probe.sample([os.getpid()])
        end = time.process_time() + 0.4
        while time.process_time() < end:
            pass
        after = probe.sample([os.getpid()])
        share = 0.4 / (time.monotonic() - begun)
    assert after.cpu_load * after.cpu_count > share / 2
    assert one(after, os.getpid()).cpu > share / 2
    assert one(before, os.getpid()).cpu == 0.0


def test_a_process_is_charged_for_what_is_its_alone(child, tmp_path):
    mapped = tmp_path / "weights"
    mapped.write_bytes(os.urandom(40 * MB))
    small = child("import mmap")
    large = child("kept = bytearray(60 << 20)")
    mapping = child(
        f"import mmap\nfile = open({str(mapped)!r}, 'rb')\n"
        "kept = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)\nsum(kept[::4096])"
    )
    with open_probe() as probe:
        sample = probe.sample([small.pid, large.pid, mapping.pid])
    ram = {process.pid: process.ram for process in sample.processes}
    assert 55 * MB < ram[large.pid] - ram[small.pid] < 70 * MB
    assert ram[mapping.pid] - ram[small.pid] < 10 * MB
    assert psutil.Process(mapping.pid).memory_info().rss > 40 * MB


def test_ours_are_first_and_marked_and_an_ended_one_is_left_out(child):
    ended = child("")
    living = child("")
    with open_probe() as probe:
        assert {p.pid for p in probe.sample([ended.pid, living.pid]).processes if p.ours} == {ended.pid, living.pid}
        ended.kill()
        ended.wait()
        sample = probe.sample([ended.pid, living.pid])
    assert [process.pid for process in sample.processes if process.ours] == [living.pid]
    assert sample.processes[0].pid == living.pid


def test_the_heaviest_others_are_among_the_processes(child):
    large = child("kept = bytearray(100 << 20)\nfor n in range(0, len(kept), 4096): kept[n] = 1")
    with open_probe() as probe:
        heavy = [process for process in probe.sample([]).processes if not process.ours]
    assert len(heavy) <= 5
    assert large.pid in {process.pid for process in heavy} or min(process.ram for process in heavy) > 100 * MB


def test_a_name_tells_the_program_but_nothing_that_may_be_secret(child):
    typed = child("password = 'hunter2'")
    module = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "http.server", "--bind", "127.0.0.1", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with open_probe() as probe:
            deadline = time.monotonic() + 60
            while "http" not in one(probe.sample([module.pid]), module.pid).name and time.monotonic() < deadline:
                time.sleep(0.02)
        with open_probe() as probe:
            sample = probe.sample([typed.pid, module.pid])
    finally:
        module.kill()
        module.wait()
    assert "hunter2" not in one(sample, typed.pid).name
    assert one(sample, typed.pid).name.startswith("python")
    assert one(sample, module.pid).name.endswith("-m http.server")


class Card:
    """An accelerator that a test wrote down."""

    def __init__(self, measured: Accelerated) -> None:
        self.measured = measured

    def measure(self) -> Accelerated:
        return self.measured


def test_accelerators_of_every_kind_are_joined_with_who_uses_them():
    stranger = 2**22 + 5
    first = Accelerated((Device("0", "one"),), {os.getpid(): {"0": 5}, stranger: {"0": 7}}, {})
    second = Accelerated((Device("1", "two"),), {os.getpid(): {"1": 6}}, {"vram:1": "lost"})
    sample = LocalProbe("here", [Card(first), Card(second)]).sample([os.getpid()])
    assert [device.id for device in sample.devices] == ["0", "1"]
    assert one(sample, os.getpid()).vram == {"0": 5, "1": 6}
    assert one(sample, stranger).vram == {"0": 7}
    assert one(sample, stranger).name == ""
    assert sample.failures == {"vram:1": "lost"}


NURSE = """
import subprocess, sys
started = subprocess.Popen([sys.executable, "-c", "held = bytearray(80 << 20); print('here', flush=True); input()"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
started.stdout.readline()
"""


def test_what_ours_have_started_is_charged_to_them_and_to_nobody_twice(child):
    nurse = child(NURSE)
    [grown] = psutil.Process(nurse.pid).children()
    with open_probe("local://") as probe:
        apart = {p.pid: p for p in probe.sample([nurse.pid, grown.pid]).processes}
        together = {p.pid: p for p in probe.sample([nurse.pid]).processes}
    assert apart[grown.pid].ram > 80 * MB
    assert apart[nurse.pid].ram < 60 * MB
    assert grown.pid not in together
    assert together[nurse.pid].ram == pytest.approx(apart[nurse.pid].ram + apart[grown.pid].ram, abs=4 * MB)
