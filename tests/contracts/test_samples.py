"""What every adapter of the Samples port keeps to. A new adapter adds a row to `OPENERS`."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from janus_lab.adapters.samples import memory, redis
from janus_lab.values.machine import Device, ProcessUse, Sample

URLS = {
    "redis": "redis_url",
    "server redis": "server_redis_url",
    "redis 6.2": "redis62_url",
    "a cluster's node": "redis_cluster_url",
}
OPENERS = {"memory": memory.open_samples, **dict.fromkeys(URLS, redis.open_samples)}
SAMPLE = Sample(
    machine="loom",
    at=1795366353.125,
    cpu_count=1.5,
    cpu_load=0.25,
    ram_total=8 << 30,
    ram_used=3 << 30,
    devices=(
        Device("0", "NVIDIA A100", memory_total=40 << 30, memory_used=1 << 30, load=0.5, power_watts=61.5),
        Device("1.2", "MIG 1g.5gb", uuid="MIG-1", failure="GPU is lost", attributed=False),
    ),
    processes=(ProcessUse(17, "ünïcode <b>", ram=1 << 20, vram={"0": 1 << 30}, ours=True, base={"ram": 5}),),
    failures={"vram:1.2": "GPU is lost"},
    limited="cgroup",
)


@pytest.fixture(params=sorted(OPENERS))
def open_samples(request: pytest.FixtureRequest):
    url = request.getfixturevalue(URLS[request.param]) if request.param in URLS else "memory://"
    # A sample outlives a machine that stands still for a while, unless a test says otherwise.
    return lambda **options: OPENERS[request.param](url, **{"expiry_seconds": 60.0, **options})


def test_a_sample_comes_back_as_it_was(open_samples):
    with open_samples() as samples:
        samples.publish(SAMPLE)
        assert samples.latest("loom") == SAMPLE


def test_the_latest_takes_the_place_of_the_one_before(open_samples):
    with open_samples() as samples:
        samples.publish(SAMPLE)
        samples.publish(later := replace(SAMPLE, at=SAMPLE.at + 0.5, cpu_load=1.0))
        assert samples.latest("loom") == later


def test_machines_do_not_see_each_other(open_samples):
    with open_samples() as samples:
        assert samples.machines() == []
        samples.publish(SAMPLE)
        samples.publish(other := replace(SAMPLE, machine="anvil {x}:1"))
        assert samples.machines() == ["anvil {x}:1", "loom"]
        assert samples.latest("anvil {x}:1") == other
        assert samples.latest("forge") is None
        assert samples.history("forge", seconds=60.0) == []


def test_a_sample_expires_and_its_machine_with_it(open_samples):
    with open_samples(expiry_seconds=0.1) as samples, open_samples() as later:
        samples.publish(SAMPLE)
        time.sleep(0.15)
        assert samples.latest("loom") is None
        assert samples.machines() == []
        later.publish(SAMPLE)
        assert later.machines() == ["loom"]


def test_history_is_short_in_order_and_without_processes(open_samples):
    with open_samples(history_seconds=5.0) as samples:
        for n in range(20):
            samples.publish(replace(SAMPLE, at=SAMPLE.at + n))
        kept = samples.history("loom", seconds=60.0)
        assert [sample.at - SAMPLE.at for sample in kept] == [14, 15, 16, 17, 18, 19]
        assert [sample.at - SAMPLE.at for sample in samples.history("loom", seconds=2.0)] == [17, 18, 19]
        assert kept[-1] == replace(SAMPLE, at=SAMPLE.at + 19, processes=())


def test_a_clock_that_is_put_back_leaves_nothing_from_the_future(open_samples):
    with open_samples() as samples:
        for moment in (100, 101, 102, 51, 52):
            samples.publish(replace(SAMPLE, at=SAMPLE.at + moment))
        assert [sample.at - SAMPLE.at for sample in samples.history("loom", seconds=60.0)] == [51, 52]


def test_equal_measurements_at_different_times_are_all_kept(open_samples):
    with open_samples() as samples:
        for n in range(4):
            samples.publish(replace(SAMPLE, at=SAMPLE.at + n / 2))
        assert len(samples.history("loom", seconds=60.0)) == 4
