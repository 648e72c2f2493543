"""Engine rooms measure their machine: on processes of their own, and in this one."""

from __future__ import annotations

import os
import threading

import pytest
from waiting import until

from janus_lab import open_lab
from janus_lab.adapters.probe.inventory import write_inventory
from janus_lab.values.health import Verdict
from janus_lab.values.machine import Device, Sample


def test_a_worker_measures_its_machine_and_knows_whose_processes_are_ours(tmp_path):
    with open_lab(tmp_path / "home", machine="loom", sample_seconds=1.0) as lab:
        lab.up()
        try:
            until(lambda: lab.status().worker_ready)
            status = lab.status()
            pids = {status.supervisor_pid, status.server_pid, status.worker_pid}
            board = until(
                lambda: (
                    (now := lab.board()).sample
                    and pids <= {process.pid for process in now.sample.processes}
                    and now.book.open
                    and now
                )
            )
            assert board.machine == "loom"
            ours = {process.pid: process for process in board.sample.processes if process.ours}
            assert set(ours) == pids
            assert all(process.ram > 0 for process in ours.values())
            assert {"ram", "cpu"} <= set(board.book.resources)
            (check,) = [check for check in lab.doctor().checks if check.name == "leases"]
            assert check.verdict is Verdict.OK, check
        finally:
            lab.down()


@pytest.fixture
def written_machine(tmp_path):
    """The URL of a machine that is written down."""
    card = Device("0", "card", memory_total=24_000_000_000, memory_used=5)
    file = tmp_path / "machine.json"
    write_inventory(file, Sample("elsewhere", 0.0, 16, 0.5, 64_000_000_000, 9_000_000_000, (card,)))
    return file.as_uri().replace("file:", "inventory:")


def test_a_room_without_processes_measures_in_this_one(tmp_path, written_machine):
    before = threading.enumerate()
    with open_lab(tmp_path / "home", inline=True, machine="loom", probe_url=written_machine) as lab:
        lab.up()
        board = lab.board()
        assert board.sample.machine == "loom"
        assert board.sample.cpu_count == 16
        assert board.book.resources["vram:0"].capacity.outside == 5
        assert [process.pid for process in board.sample.processes] in ([], [os.getpid()])
        ours = [thread for thread in threading.enumerate() if thread.name == "sampler" and thread not in before]
        assert ours
    until(lambda: not any(thread.is_alive() for thread in ours))
