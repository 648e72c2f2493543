"""Many compute with one engine under one lease."""

from __future__ import annotations

import threading
import time

import pytest
from waiting import until

from janus_lab.errors import RunCancelled
from janus_lab.scheduler import together as module
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.together import Together
from janus_lab.scheduler.work import Somebody, Work, current_work
from janus_lab.values.lease import CPU, RAM
from janus_lab.values.run import Priority
from tests.admitting import MACHINE, admission_over, leases_over

ENGINE = Demand("engine", {CPU: 2})


class Batch(Somebody):
    priority = Priority.BATCH


class Impatient(Somebody):
    def waiting(self, grant, seconds):
        if seconds > 0.1:
            raise RunCancelled("enough", remedy="x")


@pytest.fixture
def leases():
    return leases_over({RAM: 100, CPU: 2})


@pytest.fixture
def admission(leases):
    with admission_over(leases) as admission:
        yield admission


def cpus(leases):
    return [lease.request.weights[CPU] for lease in leases.book(MACHINE).leases if CPU in lease.request.weights]


class Crowd:
    """Threads that compute together until they are let go."""

    def __init__(self, admission, together):
        self.admission, self.together = admission, together
        self.inside, self.most, self.covered, self.order = 0, 0, [], []
        self.lock, self.go = threading.Lock(), threading.Event()
        self.threads = []

    def start(self, asker=None, name="", seconds=None):
        thread = threading.Thread(target=self.compute, args=(asker or Somebody(), name, seconds), daemon=True)
        self.threads.append(thread)
        thread.start()
        return thread

    def compute(self, asker, name, seconds):
        work = Work(self.admission, Demand("run", {RAM: 1}), asker)
        with work.going(), self.together.joined(work):
            with self.lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
                self.covered.append(work.covered)
                self.order.append(name)
            if seconds is None:
                self.go.wait(60)
            else:
                time.sleep(seconds)
            with self.lock:
                self.inside -= 1

    def until(self, inside):
        until(lambda: self.inside == inside)

    def end(self):
        self.go.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()


@pytest.fixture
def crowd(admission, monkeypatch):
    # A machine that is slow to start the others ends no turn.
    monkeypatch.setattr(module, "TURN_SECONDS", 3600.0)
    return Crowd(admission, Together(admission, lambda: ENGINE))


def test_who_comes_while_others_compute_joins_them_under_their_lease(leases, crowd):
    for _ in range(6):
        crowd.start()
    crowd.until(6)
    assert cpus(leases) == [2]
    crowd.end()
    assert (cpus(leases), crowd.covered) == ([], [True] * 6)


def test_who_waits_for_their_own_lease_joins_whoever_was_granted_first(leases, admission, crowd):
    taken = admission.ask(Demand("other", {CPU: 2}), Somebody())
    for _ in range(4):
        crowd.start()
    until(lambda: len(leases.book(MACHINE).waiting) == 4)
    assert crowd.inside == 0
    admission.give_back(taken)
    crowd.until(4)
    assert cpus(leases) == [2]
    assert leases.book(MACHINE).waiting == ()
    crowd.end()
    assert leases.book(MACHINE).leases == ()


def test_nobody_joins_while_others_wait_for_processors_after_a_turn(leases, admission, crowd, monkeypatch):
    monkeypatch.setattr(module, "TURN_SECONDS", 0.0)
    crowd.start(name="first")
    crowd.until(1)

    def other():
        held = admission.ask(Demand("ingest", {CPU: 2}), Somebody())
        crowd.order.append("other")
        time.sleep(0.1)
        admission.give_back(held)

    thread = threading.Thread(target=other, daemon=True)
    thread.start()
    until(lambda: leases.book(MACHINE).waiting)
    crowd.start(name="late", seconds=0.0)
    until(lambda: len(leases.book(MACHINE).waiting) == 2)
    crowd.go.set()
    thread.join(60)
    crowd.end()
    assert crowd.order == ["first", "other", "late"]


def test_who_comes_late_does_not_ask_without_end_where_there_is_room_beside_those_who_compute(monkeypatch):
    leases = leases_over({RAM: 100, CPU: 8})
    asked = []
    request = leases.request
    monkeypatch.setattr(leases, "request", lambda *wanted: asked.append(wanted) or request(*wanted))
    with admission_over(leases, ttl_seconds=3600.0) as admission:
        crowd = Crowd(admission, Together(admission, lambda: ENGINE))
        crowd.start()
        crowd.until(1)
        crowd.together._turn.held.yield_wanted = True
        crowd.start()
        crowd.until(2)
        crowd.start()
        crowd.until(3)
        assert cpus(leases) == [2, 2]
        # Each asked once for their work; the first, and who came after it had to make way, once for all.
        assert len(asked) == 3 + 2
        crowd.end()
        assert leases.book(MACHINE).leases == ()


def test_alone_nobody_is_turned_away_after_a_turn(crowd, monkeypatch):
    monkeypatch.setattr(module, "TURN_SECONDS", 0.0)
    crowd.start()
    crowd.until(1)
    crowd.start()
    crowd.until(2)
    crowd.end()


def test_who_gives_up_leaves_nothing_behind(leases, admission, crowd):
    taken = admission.ask(Demand("other", {CPU: 2}), Somebody())
    with pytest.raises(RunCancelled):
        crowd.compute(Impatient(), "", 0)
    assert leases.book(MACHINE).waiting == ()
    admission.give_back(taken)
    assert leases.book(MACHINE).leases == ()


def test_who_fails_inside_leaves_the_others_where_they_are(leases, admission, crowd):
    crowd.start()
    crowd.until(1)
    work = Work(admission, Demand("run", {RAM: 1}), Somebody())
    with pytest.raises(ZeroDivisionError), work.going(), crowd.together.joined(work):
        raise ZeroDivisionError
    assert cpus(leases) == [2]
    crowd.end()
    assert cpus(leases) == []


def test_many_who_come_and_go_at_random_never_hold_two_leases(leases, crowd):
    for number in range(40):
        crowd.start(Batch() if number % 3 else Somebody(), seconds=0.003 * (number % 5))
        assert sum(cpus(leases)) <= 2
        time.sleep(0.002)
    crowd.end()
    assert leases.book(MACHINE).leases == ()
    assert len(crowd.covered) == 40


def test_a_turn_asks_for_what_its_engine_computes_with_then(leases, admission):
    demands = [Demand("on an accelerator", {CPU: 1}), ENGINE]
    together = Together(admission, lambda: demands[-1])
    for expected in (2, 1):
        with Work(admission, Demand("run", {RAM: 1}), Somebody()).going(), together.joined(current_work()):
            assert cpus(leases) == [expected]
        demands.pop(0 if expected == 1 else 1)
