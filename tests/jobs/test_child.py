"""A child is started again when it ends, ever later, and given up when it never lasts."""

from __future__ import annotations

import subprocess
import sys

import pytest

from janus_lab.errors import EngineRoomFailed
from janus_lab.jobs.child import LASTS_SECONDS, QUICK_FAILURES, Child


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def launch() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def child(clock):
    ends: list[int] = []

    def judge(status: int) -> None:
        ends.append(status)
        if child.gives_up:
            raise EngineRoomFailed("again and again", remedy="look")

    child = Child(launch, judge, clock)
    child.ends = ends
    yield child
    child.stop(wait_seconds=60)


def kill(child: Child) -> None:
    child.process.kill()
    child.process.wait()


def test_a_child_is_started_once(child):
    assert child.pid is None
    assert child.tend()
    pid = child.pid
    assert not child.tend()
    assert child.pid == pid


def test_a_child_that_lasted_is_started_again_at_once(child, clock):
    child.tend()
    first = child.pid
    clock.now += LASTS_SECONDS
    kill(child)
    assert child.tend()
    assert child.pid is None
    assert child.tend()
    assert child.pid not in (None, first)
    assert child.ends == [-9]
    assert child.quick_failures == 0


def test_the_second_quick_failure_waits_a_little(child, clock):
    for _ in range(2):
        child.tend()
        kill(child)
        assert child.tend()
    assert not child.tend()
    assert child.pid is None
    clock.now += 0.2
    assert child.tend()
    assert child.pid is not None


def test_a_child_that_never_lasts_is_given_up(child, clock):
    for n in range(QUICK_FAILURES):
        child.tend()
        kill(child)
        if n < QUICK_FAILURES - 1:
            child.tend()
            clock.now += 5.0
    with pytest.raises(EngineRoomFailed):
        child.tend()


def test_lasting_once_makes_up_for_quick_failures(child, clock):
    for _ in range(QUICK_FAILURES - 1):
        child.tend()
        kill(child)
        child.tend()
        clock.now += 5.0
    child.tend()
    clock.now += LASTS_SECONDS
    kill(child)
    child.tend()
    assert child.quick_failures == 0


def test_a_child_that_took_long_and_never_began_to_work_has_not_lasted(clock):
    child = Child(launch, lambda _: None, clock, began=lambda: False)
    child.tend()
    clock.now += LASTS_SECONDS * 2
    kill(child)
    child.tend()
    assert child.quick_failures == 1


def test_a_stopped_child_is_not_started_again(child):
    child.tend()
    process = child.process
    child.stop(wait_seconds=60)
    assert process.returncode is not None
    assert not child.tend()


def test_a_child_that_does_not_obey_is_killed(clock):
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('x', flush=True); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
    process.stdout.read(1)
    child = Child(lambda: process, lambda _: None, clock)
    child.tend()
    child.stop(wait_seconds=0.2)
    assert process.returncode == -9
    process.stdout.close()
