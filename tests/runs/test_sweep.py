"""Lost runs are found, and only those: not what is held, not what may wait in a queue, and never again and again."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field

import pytest

from janus_lab.runs.inline import NothingParked
from janus_lab.runs.sweep import AGAIN_SECONDS, BUSY_PATIENCE_SECONDS, PATIENCE_SECONDS, Sweep
from janus_lab.values.queue import QueueLength


@dataclass
class Lengths(NothingParked):
    """A broker whose queues are as long as a test says."""

    waiting: dict[str, int] = field(default_factory=dict)

    def lengths(self) -> list[QueueLength]:
        return [QueueLength(name, waiting, 0, None, 0) for name, waiting in self.waiting.items()]


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lengths() -> Lengths:
    return Lengths()


@pytest.fixture
def sweep(bench, clock, lengths) -> Sweep:
    return Sweep(
        ledger=bench.ledger, claims=bench.claims, queue=bench.queue, letters=lambda: nullcontext(lengths), clock=clock
    )


def test_a_run_that_nobody_claims_for_long_enough_is_queued_once(bench, sweep, clock):
    run_id = bench.new_run()
    assert sweep.look() == []
    clock.now = PATIENCE_SECONDS
    assert sweep.look() == [run_id]
    clock.now += PATIENCE_SECONDS
    assert sweep.look() == [], "its message may be on its way"
    assert len(bench.queue.messages) == 1
    assert AGAIN_SECONDS > PATIENCE_SECONDS


def test_a_run_that_is_held_or_over_is_left_alone(bench, sweep, clock):
    held, over = bench.new_run(), bench.new_run()
    bench.claims.take(held, "another worker", 60.0)
    bench.executor(lambda context: {}).carry_out(over)
    for _ in range(3):
        assert sweep.look() == []
        clock.now += PATIENCE_SECONDS


def test_a_run_may_wait_in_a_queue_that_is_not_empty(bench, sweep, clock, lengths):
    run_id = bench.new_run()
    lengths.waiting = {"janus.interactive": 3, "janus.batch": 0}
    sweep.look()
    clock.now = PATIENCE_SECONDS
    assert sweep.look() == []
    clock.now = BUSY_PATIENCE_SECONDS
    assert sweep.look() == [run_id]
