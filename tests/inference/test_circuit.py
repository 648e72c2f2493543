from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from janus_lab.adapters.models.memory import open_model_registry
from janus_lab.errors import CircuitOpen, ContextTooLong, ModelFailed, StoreUnreachable
from janus_lab.inference.circuit import (
    DEATHS,
    DIED,
    DIED_AT_WORK,
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    THRESHOLD,
    Breaker,
)
from janus_lab.values.model import Circuit, CircuitState


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def registry():
    with open_model_registry() as registry:
        yield registry


@pytest.fixture
def breaker(registry, clock):
    return Breaker(registry, clock)


def fail(breaker, times=1, error=None):
    for _ in range(times):
        with pytest.raises(type(error) if error else ModelFailed), breaker.guarding("m"):
            raise error or ModelFailed("cut", remedy="x")


def use(breaker):
    with breaker.guarding("m"):
        pass


def test_a_model_that_fails_again_and_again_is_left_alone_and_says_why(breaker, registry, clock):
    fail(breaker, THRESHOLD - 1)
    use(breaker)
    fail(breaker, THRESHOLD)
    with pytest.raises(CircuitOpen, match="model-failed: cut"):
        use(breaker)
    circuit = registry.circuits()["m"]
    assert (circuit.state, circuit.failures) == (CircuitState.OPEN, THRESHOLD)
    assert circuit.again_at == clock.now + FIRST_PAUSE_SECONDS


def test_after_the_pause_one_request_tries_and_success_forgets_all(breaker, registry, clock):
    fail(breaker, THRESHOLD)
    clock.now += FIRST_PAUSE_SECONDS + 1
    with breaker.guarding("m"):
        assert registry.circuits()["m"].state is CircuitState.HALF_OPEN
        with pytest.raises(CircuitOpen):
            use(breaker)
    assert registry.circuits() == {}
    fail(breaker, THRESHOLD - 1)
    use(breaker)


def test_each_failure_doubles_the_pause_up_to_a_bound(breaker, registry, clock):
    fail(breaker, THRESHOLD)
    pauses = []
    for _ in range(8):
        clock.now = registry.circuits()["m"].again_at + 1
        fail(breaker)
        pauses.append(registry.circuits()["m"].again_at - clock.now)
    assert pauses[:2] == [2 * FIRST_PAUSE_SECONDS, 4 * FIRST_PAUSE_SECONDS]
    assert pauses[-1] == LONGEST_PAUSE_SECONDS


def test_other_processes_see_it_and_one_that_works_there_closes_it_here(breaker, registry, clock):
    other = Breaker(registry, clock)
    use(other)
    fail(breaker, THRESHOLD)
    clock.now += 2
    with pytest.raises(CircuitOpen):
        use(other)
    clock.now += FIRST_PAUSE_SECONDS
    use(other)
    clock.now += 2
    use(breaker)


def test_who_asks_for_too_much_says_nothing_of_the_model(breaker, registry):
    fail(breaker, 2 * THRESHOLD, ContextTooLong("too long", remedy="x"))
    assert registry.circuits() == {}


def test_somebody_may_have_it_tried_at_once(breaker):
    fail(breaker, THRESHOLD)
    breaker.close("m")
    use(breaker)


class Away:
    """A registry whose database is away."""

    def circuits(self):
        raise StoreUnreachable("away", remedy="x")

    def report(self, circuit):
        raise StoreUnreachable("away", remedy="x")


def test_without_the_registry_each_knows_its_own(clock):
    breaker = Breaker(Away(), clock)
    fail(breaker, THRESHOLD)
    with pytest.raises(CircuitOpen):
        use(breaker)


DEAD = []


def die_loading(breaker):
    """As a process does that a native library ends: nothing after it happens."""
    loading = breaker.loading("m")
    loading.__enter__()
    DEAD.append(loading)


def test_a_load_that_ends_well_or_fails_leaves_no_mark(breaker, registry):
    with breaker.loading("m"):
        assert registry.circuits()["m"].reason.startswith(DIED)
    assert registry.circuits() == {}
    with pytest.raises(ModelFailed), breaker.loading("m"):
        raise ModelFailed("broken", remedy="x")
    assert registry.circuits() == {}


def test_a_model_that_ended_its_process_is_tried_once_more_and_then_left_alone(registry, clock):
    die_loading(Breaker(registry, clock))
    second = Breaker(registry, clock)
    second._require("m", 0)
    die_loading(second)
    third = Breaker(registry, clock)
    with pytest.raises(CircuitOpen, match="ended while it was being loaded"):
        use(third)
    clock.now += LONGEST_PAUSE_SECONDS + 1
    with third.guarding("m"), third.loading("m"):
        pass
    assert registry.circuits() == {}


def test_who_loads_in_another_process_at_the_same_time_has_not_died(registry, clock):
    for host in (socket.gethostname(), "elsewhere"):
        there = f"{DIED} (process {os.getppid()} of {host})"
        registry.report(Circuit("m", CircuitState.HALF_OPEN, 1, there, clock.now, clock.now))
        here, third = Breaker(registry, clock), Breaker(registry, clock)
        with here.guarding("m"), here.loading("m"):
            assert registry.circuits()["m"].failures == 1
            use(third)


def test_who_was_loading_in_a_process_that_is_gone_has_died(registry, clock):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    there = f"{DIED} (process {gone.pid} of {socket.gethostname()})"
    registry.report(Circuit("m", CircuitState.HALF_OPEN, 1, there, clock.now, clock.now))
    with Breaker(registry, clock).loading("m"), pytest.raises(CircuitOpen, match="ended while it was being loaded"):
        use(Breaker(registry, clock))


@pytest.fixture
def gone():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_model_at_work_with_what_a_process_was_lost_by_is_noted_until_it_is_done(breaker, registry):
    with breaker.guarding("m", 1):
        with breaker.loading("m"):
            assert registry.circuits()["m"].failures == DEATHS
            use(breaker)
        assert registry.circuits()["m"].reason.startswith(DIED_AT_WORK)
        use(breaker)
    assert registry.circuits() == {}
    with pytest.raises(ModelFailed), breaker.guarding("m", 2):
        raise ModelFailed("cut", remedy="x")
    assert registry.circuits() == {}


def test_a_model_that_ended_its_process_at_work_twice_is_left_alone(registry, clock, gone):
    there = f"{DIED_AT_WORK} (process {gone} of {socket.gethostname()})"
    registry.report(Circuit("m", CircuitState.HALF_OPEN, 2, there, clock.now, clock.now + LONGEST_PAUSE_SECONDS))
    for lost in (0, 2):
        breaker = Breaker(registry, clock)
        with pytest.raises(CircuitOpen, match="ended while it was at work"), breaker.guarding("m", lost):
            pass
    clock.now += LONGEST_PAUSE_SECONDS + 1
    with breaker.guarding("m", 2), breaker.loading("m"):
        pass
    assert registry.circuits() == {}


def test_who_is_at_work_after_an_accident_keeps_nobody_from_the_model_but_who_was_lost_by_it_twice(registry, clock):
    for host in (socket.gethostname(), "elsewhere"):
        there = f"{DIED_AT_WORK} (process {os.getppid()} of {host})"
        registry.report(Circuit("m", CircuitState.HALF_OPEN, 2, there, clock.now, clock.now + LONGEST_PAUSE_SECONDS))
        with pytest.raises(CircuitOpen), Breaker(registry, clock).guarding("m", 2):
            pass
        use(Breaker(registry, clock))


def test_a_model_that_ended_a_process_at_its_loading_twice_is_left_alone_whoever_asked(registry, clock):
    for lost in (0, 1):
        breaker = Breaker(registry, clock)
        DEAD.append(breaker.guarding("m", lost))
        DEAD[-1].__enter__()
        die_loading(breaker)
    with pytest.raises(CircuitOpen, match="ended while it was being loaded"), Breaker(registry, clock).guarding("m", 2):
        pass
