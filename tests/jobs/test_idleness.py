"""What keeps an engine room: clients, whoever attached, open work; on a real server with a clock of our own."""

from __future__ import annotations

import time

import pytest
from redis import Redis

from janus_lab.adapters.engine_room.server import CLIENT_NAME
from janus_lab.adapters.queue.dramatiq_redis import open_queue
from janus_lab.adapters.redis import keys
from janus_lab.jobs.idleness import Idleness
from janus_lab.values.run import Priority


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(redis_url):
    with Redis.from_url(redis_url, decode_responses=True) as opened:
        gone(opened)
        yield opened


def gone(client) -> None:
    """Wait until the server has noticed that every client has left, those of earlier tests too."""
    deadline = time.monotonic() + 60
    while any(entry["name"].startswith(CLIENT_NAME) for entry in client.client_list()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_room_that_nobody_needs_is_idle_after_its_time(client, clock):
    idleness = Idleness(client, 10.0, clock)
    assert not idleness.look()
    clock.now = 9.9
    assert not idleness.look()
    clock.now = 10.1
    assert idleness.look()


def test_a_client_keeps_it(client, clock, redis_url):
    idleness = Idleness(client, 10.0, clock)
    with Redis.from_url(redis_url.replace("janus-tests", "janus-client:7")) as other:
        other.ping()
        clock.now = 50.0
        assert not idleness.look()
        assert idleness.needed_again()
    gone(client)
    clock.now = 59.0
    assert not idleness.look()
    clock.now = 61.0
    assert idleness.look()
    assert not idleness.needed_again()


def test_whoever_attached_since_the_last_look_keeps_it(client, clock):
    idleness = Idleness(client, 10.0, clock)
    clock.now = 11.0
    client.incr(keys.ATTACHED)
    assert not idleness.look()
    clock.now = 22.0
    assert idleness.look()
    client.incr(keys.ATTACHED)
    assert idleness.needed_again()


@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize("delay_seconds", [0.0, 100.0])
def test_queued_and_delayed_work_keeps_it(client, clock, redis_url, priority, delay_seconds):
    idleness = Idleness(client, 10.0, clock)
    with open_queue(redis_url) as queue:
        queue.enqueue("run", priority, delay_seconds=delay_seconds)
    clock.now = 50.0
    assert not idleness.look()
