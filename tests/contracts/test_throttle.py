"""What every adapter of the Throttle port keeps to, on every age of server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from redis_versions import EVERY_VERSION

from janus_lab.adapters.throttle import memory, redis
from janus_lab.errors import Defect
from janus_lab.ports.throttle import Throttle
from janus_lab.values.rate import Rate

SLOW = Rate(0.005, burst=3)
"""One in 200 seconds: what is left of a wait shows even on a slow machine that it has begun."""
QUICK = Rate(40.0)


@pytest.fixture(params=["memory", *EVERY_VERSION])
def throttle(request: pytest.FixtureRequest) -> Iterator[Throttle]:
    if request.param == "memory":
        with memory.open_throttle() as opened:
            yield opened
    else:
        with redis.open_throttle(request.getfixturevalue(EVERY_VERSION[request.param])) as opened:
            yield opened


def test_a_burst_passes_at_once_and_the_next_is_told_how_long_to_wait(throttle):
    assert [throttle.wait_seconds("host", SLOW) for _ in range(3)] == [0.0] * 3
    assert 100.0 < throttle.wait_seconds("host", SLOW) <= 200.0


def test_who_is_told_to_wait_has_taken_nothing(throttle):
    for _ in range(3):
        throttle.wait_seconds("host", SLOW)
    waits = [throttle.wait_seconds("host", SLOW) for _ in range(20)]
    assert max(waits) <= 200.0
    assert waits == sorted(waits, reverse=True)


def test_names_do_not_hinder_one_another(throttle):
    for _ in range(3):
        throttle.wait_seconds("host", SLOW)
    assert throttle.wait_seconds("other", SLOW) == 0.0


def test_after_the_told_time_there_is_a_permit(throttle):
    rate = Rate(5.0)
    assert throttle.wait_seconds("host", rate) == 0.0
    # Whoever asks so slowly that the next is due is given it, and asks again.
    while (wait := throttle.wait_seconds("host", rate)) == 0.0:
        pass
    assert 0.0 < wait <= 0.2
    time.sleep(wait + 0.001)
    assert throttle.wait_seconds("host", rate) == 0.0


def test_a_cost_counts_as_so_many(throttle):
    assert throttle.wait_seconds("host", SLOW, cost=3) == 0.0
    assert 100.0 < throttle.wait_seconds("host", SLOW) <= 200.0
    assert 300.0 < throttle.wait_seconds("host", SLOW, cost=2) <= 400.0


def test_a_rate_that_became_slower_does_not_make_one_pay_for_the_past(throttle):
    slowest = Rate(0.001)
    assert throttle.wait_seconds("host", slowest) == 0.0
    assert throttle.wait_seconds("host", slowest) > 900.0
    assert throttle.wait_seconds("host", QUICK) <= 0.025


@pytest.mark.parametrize("cost", [0, -1, 4])
def test_what_can_never_be_paid_is_refused(throttle, cost):
    with pytest.raises(Defect):
        throttle.wait_seconds("host", SLOW, cost=cost)


def test_many_who_ask_at_once_get_a_burst_and_no_more(throttle):
    rate = Rate(0.001, burst=10)
    passed: list[float] = []

    def ask() -> None:
        passed.extend(wait for wait in (throttle.wait_seconds("host", rate) for _ in range(10)) if wait == 0.0)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 10


def test_over_time_so_many_pass_as_the_rate_says(throttle):
    rate = Rate(100.0, burst=5)
    began, asked, passed = time.monotonic(), 0, 0
    while passed < 40:
        wait = throttle.wait_seconds("host", rate)
        asked, passed = asked + 1, passed + (wait == 0.0)
        assert wait <= 1 / 100.0 + 1e-6
        time.sleep(wait and wait + 0.001)
    seconds = time.monotonic() - began
    assert asked <= 2 * passed, "whoever waited as long as told gets a permit"
    assert passed <= 5 + 100.0 * seconds + 1
