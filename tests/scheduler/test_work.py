"""Work that holds one lease at a time, lets others go first, and never waits while it holds one."""

from __future__ import annotations

import threading
import time
from contextvars import copy_context

import pytest

from janus_lab.errors import LeaseLost
from janus_lab.scheduler import fairness
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.work import Work, computing, current_work, follow, resting
from janus_lab.values.lease import CPU, RAM
from janus_lab.values.run import Priority
from tests.admitting import MACHINE, admission_over, leases_over
from tests.scheduler.test_admission import Asker, until

ALL = Demand("all", {CPU: 2})


@pytest.fixture
def leases():
    return leases_over({CPU: 2, RAM: 100})


@pytest.fixture
def admission(leases):
    with admission_over(leases) as admission:
        yield admission


def batch(admission, demand=ALL):
    return Work(admission, demand, Asker(Priority.BATCH))


def test_batch_work_lets_a_person_go_first_at_its_next_boundary_and_goes_on_afterwards(admission, leases, monkeypatch):
    monkeypatch.setattr("janus_lab.scheduler.work.LOOK_SECONDS", 0.0)
    monkeypatch.setattr(fairness, "TURN_SECONDS", 3600.0)
    order = []
    work = batch(admission)

    def ask():
        person = Work(admission, ALL, Asker())
        with person.going():
            order.append("person")
            time.sleep(0.05)

    with work.going():
        fence = leases.book(MACHINE).leases[0].fence
        work.boundary()
        assert leases.book(MACHINE).leases[0].fence == fence
        thread = threading.Thread(target=ask)
        thread.start()
        until(lambda: leases.book(MACHINE).waiting)
        order.append("unit")
        work.boundary()
        order.append("unit")
        thread.join()
    assert order == ["unit", "person", "unit"]
    facts = work.facts()
    assert (facts["count"], facts["yielded"], facts["lost"]) == (2, 1, 0)
    assert not leases.book(MACHINE).leases


def test_who_has_waited_long_works_for_a_turn_though_others_wait():
    class Held:
        granted_at, waited_seconds, yield_wanted = 100.0, fairness.AGED_SECONDS, True

    assert not fairness.gives_way(Held, 100.0 + fairness.TURN_SECONDS / 2)
    assert fairness.gives_way(Held, 100.0 + fairness.TURN_SECONDS)
    Held.waited_seconds = 1.0
    assert fairness.gives_way(Held, 100.1)


def test_alike_ones_take_turns(admission, leases, monkeypatch):
    monkeypatch.setattr(fairness, "TURN_SECONDS", 0.0)
    order = []

    def work(name):
        with Work(admission, ALL, Asker()).going():
            for _ in range(4):
                order.append(name)
                until(lambda: leases.book(MACHINE).waiting)
                current_work().boundary()

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "".join(order) in {"abababab", "babababa"}


def test_a_lost_lease_is_asked_for_again_at_the_next_boundary(admission, leases, monkeypatch):
    monkeypatch.setattr("janus_lab.scheduler.work.LOOK_SECONDS", 0.0)
    work = batch(admission)
    with work.going():
        (lease,) = leases.book(MACHINE).leases
        leases.release(MACHINE, lease.request.id, lease.fence)
        work.boundary()
        assert work.covered
        assert leases.book(MACHINE).leases[0].fence > lease.fence
    assert work.facts()["lost"] == 1


def test_inner_work_and_waits_set_the_outer_lease_aside(admission, leases):
    outer, inner = batch(admission), batch(admission)
    with outer.going():
        with inner.going():
            assert len(leases.book(MACHINE).leases) == 1
            assert (outer.covered, inner.covered, current_work()) == (False, True, inner)
        assert (outer.covered, current_work()) == (True, outer)
        with resting():
            assert not leases.book(MACHINE).leases
            current_work().boundary()
            assert not outer.covered
        assert outer.covered
    assert current_work() is None


def test_after_an_error_aside_the_lease_is_taken_at_the_next_boundary(admission):
    work = batch(admission)
    with work.going():
        with pytest.raises(OSError, match="gone"), resting():
            raise OSError("gone")
        assert not work.covered
        work.boundary()
        assert work.covered


def test_a_following_thread_pauses_while_there_is_no_lease_and_ends_with_the_work(admission):
    work = batch(admission)
    steps, ended = [], []

    def read():
        try:
            while True:
                follow()
                steps.append(work.covered)
                time.sleep(0.005)
        except LeaseLost:
            ended.append(True)

    with work.going():
        thread = threading.Thread(target=copy_context().run, args=(read,))
        thread.start()
        until(lambda: len(steps) > 2)
        with resting():
            time.sleep(0.02)
            count = len(steps)
            time.sleep(0.1)
            assert len(steps) <= count + 1, "one may have been under way"
        until(lambda: len(steps) > count + 1)
    thread.join(60)
    assert ended


def test_computing_without_a_run_takes_a_lease_for_the_call(admission, leases):
    with computing(admission, ALL) as work:
        assert work.covered
        assert current_work() is None
    assert not leases.book(MACHINE).leases
    outer = batch(admission)
    with outer.going(), computing(admission, ALL) as work:
        assert work is outer
