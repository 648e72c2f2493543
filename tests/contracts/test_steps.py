"""What every adapter of the StepClaims port keeps to, on every age of server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from redis_versions import EVERY_VERSION

from janus_lab.adapters.steps import memory, redis
from janus_lab.ports.step_claims import StepClaim, StepClaims

LONG = 60.0
SHORT = 0.05


@pytest.fixture(params=["memory", *EVERY_VERSION])
def steps(request: pytest.FixtureRequest) -> Iterator[StepClaims]:
    if request.param == "memory":
        with memory.open_steps() as opened:
            yield opened
    else:
        with redis.open_steps(request.getfixturevalue(EVERY_VERSION[request.param])) as opened:
            yield opened


def taken(steps: StepClaims, step: str, holder: str, ttl_seconds: float = LONG) -> int:
    claim, fence = steps.take(step, holder, ttl_seconds)
    assert claim is StepClaim.TAKEN
    return fence


def test_a_free_step_is_taken_and_a_held_one_is_not(steps):
    taken(steps, "tidy", "ada")
    assert steps.take("tidy", "bob", LONG) == (StepClaim.HELD, 0)
    taken(steps, "count", "bob")


def test_taking_again_what_is_ours_prolongs_it_under_the_same_number(steps):
    """By how much is tested with a clock that the test turns: see `tests/lua/test_step_scripts.py`."""
    fence = taken(steps, "tidy", "ada")
    assert taken(steps, "tidy", "ada", 2 * LONG) == fence
    assert steps.take("tidy", "bob", LONG)[0] is StepClaim.HELD
    assert steps.finish("tidy", "ada", fence, keep_seconds=LONG)
    other = taken(steps, "count", "ada")
    assert taken(steps, "count", "ada", SHORT) == other
    time.sleep(2 * SHORT)
    assert taken(steps, "count", "bob") > other


def test_a_finished_step_is_not_taken_again_by_anybody(steps):
    fence = taken(steps, "tidy", "ada")
    assert steps.finish("tidy", "ada", fence, keep_seconds=LONG)
    assert steps.take("tidy", "ada", LONG) == (StepClaim.DONE, 0)
    assert steps.take("tidy", "bob", LONG) == (StepClaim.DONE, 0)


def test_finishing_again_is_the_same_and_releasing_what_is_done_changes_nothing(steps):
    fence = taken(steps, "tidy", "ada")
    assert steps.finish("tidy", "ada", fence, keep_seconds=LONG)
    assert steps.finish("tidy", "ada", fence, keep_seconds=LONG)
    assert not steps.release("tidy", "ada", fence)
    assert steps.take("tidy", "bob", LONG)[0] is StepClaim.DONE


def test_a_step_that_was_done_long_ago_is_due_again_under_a_larger_number(steps):
    fence = taken(steps, "tidy", "ada")
    assert steps.finish("tidy", "ada", fence, keep_seconds=SHORT)
    time.sleep(2 * SHORT)
    assert taken(steps, "tidy", "bob") > fence


def test_who_died_loses_the_step_and_what_it_did_does_not_count(steps):
    late = taken(steps, "tidy", "ada", SHORT)
    time.sleep(2 * SHORT)
    assert not steps.finish("tidy", "ada", late, keep_seconds=LONG)
    fence = taken(steps, "tidy", "bob")
    assert fence > late
    assert not steps.finish("tidy", "ada", late, keep_seconds=LONG)
    assert not steps.release("tidy", "ada", late)
    assert steps.finish("tidy", "bob", fence, keep_seconds=LONG)


def test_a_number_of_an_earlier_claim_is_worth_nothing_to_the_same_holder(steps):
    late = taken(steps, "tidy", "ada", SHORT)
    time.sleep(2 * SHORT)
    fence = taken(steps, "tidy", "ada")
    assert not steps.finish("tidy", "ada", late, keep_seconds=LONG)
    assert not steps.release("tidy", "ada", late)
    assert steps.finish("tidy", "ada", fence, keep_seconds=LONG)


def test_a_step_that_was_given_back_is_free_and_can_not_be_given_back_again(steps):
    fence = taken(steps, "tidy", "ada")
    assert not steps.release("tidy", "bob", fence)
    assert steps.release("tidy", "ada", fence)
    assert not steps.release("tidy", "ada", fence)
    assert taken(steps, "tidy", "bob") > fence


def test_fencing_numbers_grow_over_all_steps_and_begin_at_the_clock(steps):
    numbers = [taken(steps, name, "ada") for name in ("a", "b", "c")]
    assert numbers == sorted(set(numbers))
    assert numbers[0] >= int((time.time() - 60) * 1000)


def test_of_many_who_try_one_after_the_other_and_at_once_one_finishes(steps):
    finished: list[str] = []
    start = threading.Barrier(16)

    def attempt(holder: str) -> None:
        start.wait()
        for _ in range(5):
            claim, fence = steps.take("tidy", holder, LONG)
            if claim is StepClaim.TAKEN and steps.finish("tidy", holder, fence, keep_seconds=LONG):
                finished.append(holder)
                return

    threads = [threading.Thread(target=attempt, args=(f"holder-{n}",)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(finished) == 1
