"""A server whose clock is set back: the dead don't live on, nothing counts longer than it should, and nobody loses their place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from redis import Redis

from janus_lab.adapters.leases.memory import MemoryLeases
from janus_lab.adapters.leases.redis import open_leases
from janus_lab.ports.leases import Leases
from janus_lab.values.lease import CPU, Capacity, GrantState, LeaseRequest
from janus_lab.values.run import Priority
from tests.lua.test_lease_scripts import CLOCK, HOST, START, set_clock  # noqa: F401 - a fixture

HOUR = 3600.0


def wants(name: str, amount: int = 1) -> LeaseRequest:
    return LeaseRequest(name, {CPU: amount}, Priority.INTERACTIVE, "", "")


def look(leases: Leases) -> None:
    at, _ = leases.held(HOST)
    leases.publish(HOST, {CPU: Capacity(2)}, measured_at=at, stale_seconds=10.0)


def the_clock_goes_back(leases: Leases, tell: Callable[[float], None]) -> None:
    tell(START)
    look(leases)
    assert leases.request(HOST, wants("dead"), 15.0).state is GrantState.GRANTED
    living = leases.request(HOST, wants("living"), 15.0)
    for name in ("b", "a"):
        tell(START + 0.5)
        assert leases.request(HOST, wants(name, 2), 1000.0).state is GrantState.WAITING
    tell(START - HOUR)
    look(leases)
    assert leases.request(HOST, wants("late", 2), 1000.0).state is GrantState.WAITING
    assert [one.request.id for one in leases.book(HOST).waiting][-1] == "late"
    tell(START - HOUR + 11)
    assert not leases.book(HOST).open
    leases.renew(HOST, "living", living.fence, 15.0)
    tell(START - HOUR + 16)
    look(leases)
    look(leases)
    book = leases.book(HOST)
    assert [lease.request.id for lease in book.leases] == ["living"]
    assert book.resources[CPU].ending == 0


@pytest.mark.usefixtures("set_clock")
def test_on_a_server(redis_url):
    with Redis.from_url(redis_url) as server, open_leases(redis_url) as leases:
        the_clock_goes_back(leases, lambda now: server.set(CLOCK, round(now * 1e6)))


def test_in_one_process():
    now = [START]
    the_clock_goes_back(MemoryLeases(lambda: now[0]), lambda told: now.__setitem__(0, told))
