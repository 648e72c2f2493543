"""Turns are awaited as long as the rate says, and no longer; without the rate nobody goes ahead."""

from __future__ import annotations

import pytest

from janus_lab.adapters.throttle.memory import MemoryThrottle
from janus_lab.errors import RunCancelled, StoreUnreachable
from janus_lab.scheduler.throttle import Turns, until_unwanted
from janus_lab.values.rate import Rate


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_after_a_burst_turns_come_at_the_rate():
    time = Time()
    turns = Turns(MemoryThrottle(lambda: time.now), Rate(2.0, burst=3), "fetch", sleep=time.sleep)
    began = time.now
    told = []
    for _ in range(9):
        turns.wait("host")
        told.append(time.now - began)
    assert told[:3] == [0.0] * 3
    assert told[3] == pytest.approx(0.5, abs=0.051)
    assert 3.0 <= told[-1] <= 3.6


def test_hosts_and_kinds_have_turns_of_their_own():
    time = Time()
    throttle = MemoryThrottle(lambda: time.now)
    for kind in ("fetch", "ask"):
        turns = Turns(throttle, Rate(0.1), kind, sleep=time.sleep)
        turns.wait("a")
        turns.wait("b")
    assert time.now == Time().now


def test_a_turn_that_nobody_wants_any_more_is_not_awaited():
    time = Time()
    turns = Turns(MemoryThrottle(lambda: time.now), Rate(0.001), "fetch", sleep=time.sleep)
    turns.wait("host")
    began = time.now
    with until_unwanted(lambda: time.now > began + 5), pytest.raises(RunCancelled):
        turns.wait("host")
    assert time.now < began + 6


def test_who_can_not_learn_of_the_others_turns_has_none():
    class Away:
        def wait_seconds(self, name, rate, *, cost=1):
            raise StoreUnreachable("no server answers", remedy="start it")

    with pytest.raises(StoreUnreachable):
        Turns(Away(), Rate(1.0), "fetch").wait("host")
