"""One of many measures, at its pace; another takes over; what fails is logged and tried again."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest
import structlog
from waiting import until

from janus_lab.adapters.claims.memory import open_claims
from janus_lab.errors import ProbeFailed, StoreUnreachable
from janus_lab.resources.sampling import claim_name, sampling

SECONDS = 0.02


class Looking:
    """A monitor that counts its looks and fails when told to."""

    def __init__(self):
        self.begun = self.looks = 0
        self.at = []
        self.failure = None

    def begin(self):
        self.begun += 1

    def look(self):
        self.looks += 1
        self.at.append(time.monotonic())
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def claims():
    with open_claims() as opened:
        yield opened


@pytest.fixture
def sampler(claims):
    def start(holder="ada", seconds=SECONDS, monitor=None):
        return sampling(monitor or Looking(), claims, machine="loom", holder=holder, seconds=seconds)

    return start


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "sampler"]


def test_the_first_look_is_over_on_entering_and_more_follow_at_the_pace_asked_for(sampler):
    monitor = Looking()
    with sampler(monitor=monitor):
        assert monitor.looks == 1
        until(lambda: monitor.looks >= 11)
    passed = monitor.at[10] - monitor.at[0]
    assert passed > 9 * SECONDS
    until(lambda: threads() == [])
    looks = monitor.looks
    time.sleep(4 * SECONDS)
    assert monitor.looks == looks


def test_a_look_that_takes_long_delays_the_next_ones_and_none_is_made_up_for(sampler):
    monitor = Looking()

    def slow():
        Looking.look(monitor)
        time.sleep(5 * SECONDS if monitor.looks == 2 else 0.0)

    monitor.look = slow
    with sampler(monitor=monitor):
        until(lambda: monitor.looks >= 6)
    # The second look lasted until the sixth interval was over; the four after it are those of the next four intervals.
    assert monitor.at[5] - monitor.at[0] > 10 * SECONDS


def test_of_many_samplers_one_looks_and_the_next_takes_over_at_once_when_it_ends(sampler, monkeypatch):
    # Nobody waits for a claim's end here: it is given back.
    monkeypatch.setattr("janus_lab.resources.sampling.CLAIM_SECONDS", 3600.0)
    first, second = Looking(), Looking()
    with ExitStack() as stack:
        leading = stack.enter_context(ExitStack())
        leading.enter_context(sampler("ada", monitor=first))
        stack.enter_context(sampler("bob", monitor=second))
        until(lambda: first.looks > 5)
        assert (second.looks, second.begun) == (0, 0)
        leading.close()
        until(lambda: second.looks > 2)
        assert second.begun == 1


def test_one_that_lost_its_claim_stops_looking_and_begins_anew_when_it_is_its_turn_again(sampler, claims, monkeypatch):
    monitor, name, refused = Looking(), claim_name("loom"), []
    take = claims.take

    def noted(*wanted, **options):
        fence = take(*wanted, **options)
        if fence is None:
            refused.append(wanted)
        return fence

    monkeypatch.setattr(claims, "take", noted)
    # It loses its claim here to nothing but somebody else, and asks for it at every turn.
    monkeypatch.setattr("janus_lab.resources.sampling.CLAIM_SECONDS", 3600.0)
    monkeypatch.setattr("janus_lab.resources.sampling._RENEWED_AFTER", 0.0)
    with sampler(monitor=monitor):
        until(lambda: monitor.looks > 2)
        # As if it had slept past the end of its claim, and another one taken over.
        with claims._lock:
            taken = replace(claims._claims[name], holder="bob", expires_at=time.time() + 3600)
            claims._claims[name] = taken
        until(lambda: refused)
        looks = monitor.looks
        time.sleep(4 * SECONDS)
        assert (monitor.looks, monitor.begun) == (looks, 1)
        assert claims.release(name, "bob", taken.fence)
        until(lambda: monitor.looks > looks)
        assert monitor.begun == 2


@pytest.mark.parametrize(
    "failure",
    [
        ProbeFailed("it can't be measured", remedy="look"),
        StoreUnreachable("no server answers", remedy="start it"),
        RuntimeError("nobody thought of this"),
    ],
)
def test_what_fails_is_logged_once_and_tried_again(sampler, failure):
    monitor = Looking()
    monitor.failure = failure
    with structlog.testing.capture_logs() as logs, sampler(monitor=monitor):
        until(lambda: monitor.looks >= 4)
        monitor.failure = None
        until(lambda: monitor.looks >= 8)
    # Only the sampler's own: threads of other tests may still be ending.
    warnings = [entry for entry in logs if entry["event"] == "machine-not-measured"]
    code = getattr(failure, "code", "RuntimeError")
    assert [(entry["log_level"], entry["code"]) for entry in warnings] == [("warning", code)]
