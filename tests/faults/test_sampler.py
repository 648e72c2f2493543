"""Samplers on real processes and a real server: whoever is killed, stopped or hangs, nothing is granted on what nobody measured."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from nvml_stub import GPU_IS_LOST
from waiting import until

from janus_lab.adapters.leases.redis import open_leases
from janus_lab.adapters.probe.inventory import write_inventory
from janus_lab.adapters.samples.redis import open_samples
from janus_lab.resources.sampling import CLAIM_SECONDS
from janus_lab.values.lease import GrantState, LeaseRequest
from janus_lab.values.machine import Device, ProcessUse, Sample
from janus_lab.values.run import Priority

pytestmark = pytest.mark.fault

GB = 1_000_000_000
MACHINE = "loom"
SECONDS = 0.3
STALE_SECONDS = 10 * SECONDS
SCRIPT = Path(__file__).with_name("sampler_worker.py")
SAMPLE = Sample(MACHINE, 0.0, 8, 0.1, 64 * GB, 10 * GB, (Device("0", "card", memory_total=24 * GB),))


@pytest.fixture
def leases(redis_url):
    with open_leases(redis_url) as opened:
        yield opened


@pytest.fixture
def inventory(tmp_path):
    file = tmp_path / "machine.json"
    write_inventory(file, SAMPLE)
    return file


@pytest.fixture
def sampler(redis_url, tmp_path, inventory):
    """Starts a process that measures, and waits until it has had its first turn."""
    started = []

    def start(probe_url: str = inventory.as_uri().replace("file:", "inventory:"), seconds: float = SECONDS):
        command = [sys.executable, str(SCRIPT), redis_url, str(tmp_path / "home"), probe_url, str(seconds)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        lines = iter(process.stdout.readline, "")
        assert any(line == "ready\n" for line in lines)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ask(leases, lease_id="a", *, ttl=600.0, pid=7, name="ram", amount=1):
    request = LeaseRequest(lease_id, {name: amount * GB}, Priority.BATCH, "ada", "test", pid=pid)
    return leases.request(MACHINE, request, ttl)


def answer(leases, **wanted):
    """What somebody is told who asks now, and goes away again."""
    lease_id = uuid.uuid4().hex
    state = ask(leases, lease_id, **wanted).state
    leases.withdraw(MACHINE, lease_id)
    return state


def is_told(leases, state, **wanted):
    """Waits until that is the answer: on a busy machine what was measured may be too old for a moment."""
    until(lambda: answer(leases, **wanted) is state, f"{state} for {wanted}")


def is_open(leases):
    return leases.book(MACHINE).open


def closes(leases, since):
    """It closes, and while it is open what was measured before `since` is not too old; the server dates every look."""

    def closed():
        book = leases.book(MACHINE)
        assert not book.open or book.at <= since + STALE_SECONDS
        return not book.open

    until(closed)


def failure(leases, name):
    return leases.book(MACHINE).resources[name].capacity.failure


def outside(leases):
    return leases.book(MACHINE).resources["ram"].capacity.outside


def test_a_sampler_that_is_killed_is_followed_by_another_that_knows_what_it_knew(leases, sampler, inventory, redis_url):
    worker = os.getpid()
    write_inventory(inventory, replace(SAMPLE, processes=(ProcessUse(worker, "worker", ram=2 * GB),)))
    # Slow enough that what was measured lasts for twenty seconds after the other one's turn.
    first = sampler(seconds=4.0)
    sampler(seconds=4.0)
    until(lambda: ask(leases, pid=worker, amount=20).state is GrantState.GRANTED)
    used = replace(SAMPLE, ram_used=30 * GB, processes=(ProcessUse(worker, "worker", ram=22 * GB),))
    write_inventory(inventory, used)
    with open_samples(redis_url) as samples:
        until(lambda: (latest := samples.latest(MACHINE)) is not None and latest.ram_used == 30 * GB)
        first.kill()
        killed = time.time()
        seen = set()

        def followed():
            seen.add((is_open(leases), outside(leases)))
            latest = samples.latest(MACHINE)
            return latest is not None and latest.at > killed + CLAIM_SECONDS

        until(followed)
    assert seen == {(True, 10 * GB)}, "it was open all the time, and nothing was counted twice"


def test_a_sampler_that_is_stopped_closes_admission_until_it_goes_on(leases, sampler):
    process = sampler()
    is_told(leases, GrantState.GRANTED)
    process.send_signal(signal.SIGSTOP)
    closes(leases, time.time())
    assert answer(leases) is GrantState.CLOSED
    process.send_signal(signal.SIGCONT)
    is_told(leases, GrantState.GRANTED)


def test_a_probe_that_hangs_closes_admission_until_it_answers(leases, sampler, inventory):
    sampler()
    # Whoever reads a pipe waits until somebody has written into it.
    pipe, link = inventory.with_name("pipe"), inventory.with_name("link")
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    link.replace(inventory)
    closes(leases, time.time())
    assert answer(leases) is GrantState.CLOSED
    write_inventory(inventory, SAMPLE)
    pipe.write_text(inventory.read_text())
    is_told(leases, GrantState.GRANTED)


def test_a_probe_that_fails_closes_admission_at_the_next_turn(leases, sampler, inventory):
    sampler()
    inventory.unlink()
    until(lambda: "no inventory" in failure(leases, "ram"))
    until(
        lambda: answer(leases) is GrantState.CLOSED and is_open(leases),
        what="an answer before all that is known is old",
    )
    write_inventory(inventory, SAMPLE)
    is_told(leases, GrantState.GRANTED)


HOLDER = """
import sys, time
from janus_lab.adapters.leases.redis import open_leases
from janus_lab.values.lease import LeaseRequest
from janus_lab.values.run import Priority
import os
with open_leases(sys.argv[1]) as leases:
    request = LeaseRequest("held", {"ram": 45_000_000_000}, Priority.BATCH, "holder", "test", pid=os.getpid())
    while (grant := leases.request("loom", request, float(sys.argv[2]))).state.value != "granted":
        time.sleep(0.1)
    print(grant.state.value, flush=True)
    while True:
        leases.renew("loom", "held", grant.fence, float(sys.argv[2]))
        time.sleep(0.1)
"""


def ending(leases):
    (held,) = leases.book(MACHINE).leases
    return held.expires_at


def test_what_a_killed_holder_held_is_granted_within_its_time_and_a_second(leases, sampler, redis_url):
    ttl = 15.0
    sampler()
    is_told(leases, GrantState.GRANTED)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, redis_url, str(ttl)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "granted\n"
        ends = ending(leases)
        until(lambda: ending(leases) > ends, "its renewal")
        assert ask(leases, "next", amount=45).state is not GrantState.GRANTED
    finally:
        holder.kill()
        killed = time.monotonic()
        holder.communicate()
    until(lambda: ask(leases, "next", amount=45).state is GrantState.GRANTED)
    assert time.monotonic() - killed < ttl + 20.0


def test_an_accelerator_whose_driver_fails_is_lent_to_nobody_until_it_answers(leases, sampler, nvidia):
    nvidia.device(0, total=80 * GB, free=80 * GB).device(1, total=80 * GB, free=20 * GB).write()
    sampler("local://")
    is_told(leases, GrantState.GRANTED, name="vram:0", amount=70)
    is_told(leases, GrantState.WAITING, name="vram:1", amount=21)
    nvidia.fail("nvmlDeviceGetMemoryInfo", GPU_IS_LOST, 1).write()
    until(lambda: failure(leases, "vram:1") == "GPU is lost")
    assert answer(leases, name="vram:1") is GrantState.CLOSED
    is_told(leases, GrantState.GRANTED, name="vram:0")
    nvidia.unload()
    until(lambda: failure(leases, "vram:0"))
    assert answer(leases, name="vram:0") is GrantState.CLOSED
    assert failure(leases, "ram") == "", "main memory is still measured"
    is_told(leases, GrantState.GRANTED)
    nvidia.clear().device(0, total=80 * GB, free=80 * GB).device(1, total=80 * GB, free=80 * GB).write()
    is_told(leases, GrantState.GRANTED, name="vram:1", amount=70)
