"""Every kind of key is known, and what each adapter writes is read back as what it means."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_lab.adapters.agent_states.redis import open_agent_states
from janus_lab.adapters.claims.redis import open_claims
from janus_lab.adapters.events.redis import open_events
from janus_lab.adapters.keyspace.contents import Contents
from janus_lab.adapters.keyspace.families import FAMILIES, family_of
from janus_lab.adapters.keyspace.names import original, readable
from janus_lab.adapters.keyspace.redis import open_keyspace
from janus_lab.adapters.leases.redis import open_leases
from janus_lab.adapters.queue.dramatiq_redis import open_queue
from janus_lab.adapters.redis import keys
from janus_lab.adapters.redis.client import open_client
from janus_lab.adapters.samples.redis import open_samples
from janus_lab.adapters.steps.redis import open_steps
from janus_lab.adapters.throttle.redis import open_throttle
from janus_lab.values.event import Event, EventKind
from janus_lab.values.lease import Capacity, LeaseRequest
from janus_lab.values.machine import Device, ProcessUse, Sample
from janus_lab.values.rate import Rate
from janus_lab.values.run import Priority

PREFIXES = {"TAG", "QUEUE_NAMESPACE"}
CHANNELS = {keys.granted("x")}


def every_name() -> Iterator[str]:
    """The names that `keys` has or makes."""
    for name, value in vars(keys).items():
        if isinstance(value, str) and value.startswith(f"{keys.TAG}:") and name not in PREFIXES:
            yield value
        elif callable(value) and getattr(value, "__module__", "") == keys.__name__:
            built = value(*["x"] * len(inspect.signature(value).parameters))
            yield from [built] if isinstance(built, str) else built


@pytest.mark.parametrize("name", sorted(set(every_name()) - CHANNELS))
def test_every_key_that_has_a_name_has_a_family(name):
    assert family_of(name.encode()) is not None


def test_families_differ_and_say_what_they_are_for():
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    assert all(family.about.endswith(".") and family.loss for family in FAMILIES)
    assert family_of(b"another's") is None
    assert family_of(b"\xff") is None


@pytest.fixture
def read(redis_url):
    """Reads one key by a part of its name."""
    with open_keyspace(redis_url) as keyspace:

        def one(part: str):
            found = [key.name for key in keyspace.find("*", limit=1000, seconds=60).keys if part in key.name]
            assert len(found) == 1, found
            return keyspace.read(found[0], limit=100)

        yield one


def test_a_claim_a_wish_and_a_fence(read, redis_url):
    with open_claims(redis_url) as claims:
        fence = claims.take("run-1", "ada", 60)
        claims.request_cancel("run-1")
    assert read("claim:").facts == {"run_id": "run-1", "holder": "ada", "fence": fence}
    assert read("cancel:").key.family == "wish to cancel"
    assert read("fence").facts == {"value": fence}


def test_events_newest_first(read, redis_url):
    with open_events(redis_url) as events:
        for number in range(3):
            events.append(Event("run-1", EventKind.PROGRESS, {"done": number}, 100.0 + number))
    content = read("events:")
    assert content.facts == {"run_id": "run-1"}
    assert [member["data"] for member in content.members] == [{"done": 2}, {"done": 1}, {"done": 0}]
    assert content.members[0]["at"] == 102.0


def test_queued_runs(read, redis_url):
    with open_queue(redis_url) as queue:
        queue.enqueue("run-1", Priority.BATCH)
    (message,) = read("batch.msgs").members
    assert message["run_id"] == "run-1"
    assert abs(message["queued_at"] - time.time()) < 60


def test_a_machines_leases(read, redis_url):
    with open_leases(redis_url) as leases:
        at, _ = leases.held("host")
        capacities = {"ram": Capacity(1000, 100), "cpu": Capacity(2, failure="no probe")}
        leases.publish("host", capacities, measured_at=at, stale_seconds=600)
        request = LeaseRequest("one", {"ram": 600}, Priority.BATCH, "ada", "model x", run_id="run-1", lasting=True)
        granted = leases.request("host", request, 60)
        leases.request("host", replace(request, id="two", priority=Priority.INTERACTIVE, lasting=False), 60)
    machine = read(":machine")
    assert machine.facts["machine"] == "host"
    assert machine.facts["fence"] == granted.fence
    ram = next(member for member in machine.members if member["resource"] == "ram")
    assert (ram["budget_bytes"], ram["outside_bytes"], ram["leased_bytes"], ram["wanted_bytes"]) == (
        1000,
        100,
        600,
        600,
    )
    cpu = next(member for member in machine.members if member["resource"] == "cpu")
    assert (cpu["budget"], cpu["failure"]) == (2, "no probe")
    book = read(":records").members
    assert [(each["state"], each["for"], each["weights"]) for each in book] == [
        ("kept loaded", "model x", {"ram": 600}),
        ("waits", "model x", {"ram": 600}),
    ]
    assert [each["lease"] for each in read(":waiting").members] == ["two"]
    assert {each["lease"] for each in read(":deadlines").members} == {"one", "two"}


def test_a_dead_holders_lease(read, redis_url):
    with open_leases(redis_url) as leases:
        at, _ = leases.held("host")
        leases.publish("host", {"ram": Capacity(1000)}, measured_at=at, stale_seconds=600)
        leases.request("host", LeaseRequest("one", {"ram": 600}, Priority.BATCH, "ada", "x"), 0.02)
        time.sleep(0.05)
        leases.held("host")
        leases.request("host", LeaseRequest("two", {"ram": 1}, Priority.BATCH, "ada", "x"), 60)
    assert [each["weights"] for each in read(":ending").members] == [{"ram": 600}]


def test_agents_steps_and_rates(read, redis_url):
    with open_agent_states(redis_url) as states:
        states.write("scout", {"plan": ["look"]}, expected=0)
        states.write("scout", {"plan": []}, expected=1)
    assert read("agent:").facts["content"] == {"plan": []}
    assert read("agent:").facts["version"] == 2
    assert [each["version"] for each in read("agent-history:").members] == [1]
    assert [each["agent"] for each in read("agents").members] == ["scout"]
    with open_steps(redis_url) as steps:
        _, fence = steps.take("forget", "ada", 60)
    assert read("step:").facts == {"step": "forget", "state": "taken", "holder": "ada", "fence": fence}
    with open_throttle(redis_url) as throttle:
        throttle.wait_seconds("host", Rate(per_second=0.001, burst=1))
    assert 500 < read("rate:").facts["paid_at"] - time.time() < 1500


def test_samples(read, redis_url):
    used = ProcessUse(7, "worker", 5, {"0": 3}, ours=True)
    sample = Sample("host", 12.5, 2, 0.5, 100, 40, (Device("0", "gpu", memory_total=9, memory_used=3),), (used,))
    with open_samples(redis_url, expiry_seconds=600) as samples:
        samples.publish(sample)
    latest = read("sample:")
    assert latest.facts["GPU_0_used_bytes"] == 3
    assert latest.members == ({"process": "worker", "pid": 7, "ours": True, "memory_bytes": 5, "GPU_memory_bytes": 3},)
    assert [each["measured_at"] for each in read("samples:").members] == [12.5]


@pytest.mark.parametrize("value", ["[" * 60_000, "{}", "null", "x" * 100_000, '{"processes": 1}', "-1 a b"])
def test_what_is_no_such_value_is_shown_as_it_is(read, redis_url, value):
    with open_client(redis_url) as client:
        for name in sorted(set(every_name()) - CHANNELS):
            client.set(name, value)
            with open_keyspace(redis_url) as keyspace:
                content = keyspace.read(name, limit=10)
            assert content.raw
            json.dumps([dict(content.facts), content.members])
            client.delete(name)


HASHES = st.dictionaries(st.binary(max_size=12), st.binary(max_size=40), max_size=4)


@given(pairs=HASHES, kind=st.sampled_from(["hash", "list", "set", "zset", "stream", "string", "other"]))
def test_no_value_breaks_a_family(pairs, kind):
    contents = Contents(kind, tuple(pairs.items()), tuple((name, pairs) for name in pairs))
    for family in FAMILIES:
        facts, members = family.decoded(b"whatever", contents)
        json.dumps([dict(facts), members])


@given(st.binary())
def test_text_of_any_bytes_leads_back_to_them(data):
    text = readable(data)
    assert original(text) == data
    assert text.isprintable()
