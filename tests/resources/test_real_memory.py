"""A real process that leases memory and then takes it, measured for real: what it takes within its lease is not counted again."""

from __future__ import annotations

import subprocess
import sys

import pytest

from janus_lab.adapters.probe.local import open_probe
from janus_lab.resources.attribution import Attribution
from janus_lab.values.lease import RAM

MB = 1 << 20
HOLDER = """
kept = []
print("ready", flush=True)
while True:
    line = input()
    if line == "free":
        kept.clear()
    else:
        kept.append(b"x" * (int(line) << 20))
    print("done", flush=True)
"""


@pytest.fixture
def holder():
    """A process that is told how many MiB to take, or to free all; whether it has done so is waited for."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"

    def tell(word: object) -> int:
        process.stdin.write(f"{word}\n")
        process.stdin.flush()
        assert process.stdout.readline() == "done\n"
        return process.pid

    tell.pid = process.pid
    yield tell
    process.kill()
    process.communicate()


def test_memory_taken_under_a_lease_is_covered_by_it_and_what_is_beyond_is_not(holder):
    following = Attribution()
    with open_probe() as probe:

        def covered(leased: int) -> float:
            """MiB of what the machine uses that are counted as this process's lease."""
            held = {holder.pid: {RAM: leased * MB}} if leased else {}
            sample = probe.sample([holder.pid])
            return (sample.ram_used - following.attribute(sample, held).outside[RAM]) / MB

        assert covered(0) == 0
        assert covered(200) < 5
        holder(150)
        assert 145 < covered(200) < 160
        holder(150)
        assert covered(200) == 200
        holder("free")
        assert covered(200) < 15
        assert covered(0) == 0
