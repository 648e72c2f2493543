"""Leases asked for, waited for, kept alive, lost and given back by a process."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
from waiting import until

from janus_lab.errors import LeaseImpossible, LeaseLost, RunCancelled, StoreUnreachable
from janus_lab.scheduler.demand import Demand
from janus_lab.values.lease import CPU, RAM, GrantState
from janus_lab.values.run import Priority
from tests.admitting import MACHINE, Turned, admission_over, leases_over, publish

ONE = Demand("work", {CPU: 1, RAM: 10})


class Asker:
    def __init__(self, priority=Priority.INTERACTIVE, stop=None):
        self.run_id, self.cell, self.priority = "r1", "In [3]", priority
        self.stop = stop or threading.Event()
        self.heard = []

    def waiting(self, grant, seconds):
        self.heard.append((grant.state, grant.lacking))
        if self.stop.is_set():
            raise RunCancelled("stop", remedy="none")

    def told(self, code, text):
        self.heard.append((code, text))


class Silent:
    """Leases whose server does not answer while `away`."""

    def __init__(self, leases):
        self.leases, self.away, self.refused = leases, False, 0

    def __getattr__(self, name):
        def ask(*args, **options):
            if self.away:
                self.refused += 1
                raise StoreUnreachable("away", remedy="wait")
            return getattr(self.leases, name)(*args, **options)

        return ask

    @contextmanager
    def listening(self, machine, granted):
        yield


def waiting_thread(admission, demand, asker):
    got = []
    thread = threading.Thread(target=lambda: got.append(admission.ask(demand, asker)))
    thread.start()
    return thread, got


def pass_on(clock, held, seconds):
    """Let time pass, and wait until the heartbeat has renewed the lease since."""
    clock.now += seconds
    until(lambda: held.heard_at == clock.now)


def test_a_free_machine_grants_in_one_round_trip():
    calls = []

    class Counted:
        def __init__(self, leases):
            self.leases = leases

        def __getattr__(self, name):
            calls.append(name)
            return getattr(self.leases, name)

    leases = leases_over({CPU: 1, RAM: 100})
    with admission_over(Counted(leases)) as admission:
        held = admission.ask(ONE, Asker())
        assert calls == ["request"]
        (lease,) = leases.book(MACHINE).leases
        assert (lease.request.run_id, lease.request.cell, lease.fence) == ("r1", "In [3]", held.fence)
        admission.give_back(held)
        assert calls == ["request", "release"]
    assert not leases.book(MACHINE).leases


def test_who_waits_goes_on_as_soon_as_something_is_given_back(monkeypatch):
    # The word of the grant is what ends the wait, not the next question.
    monkeypatch.setattr("janus_lab.scheduler.admission.AGAIN_SECONDS", 3600.0)
    leases = leases_over({CPU: 1, RAM: 100})
    with admission_over(leases, ttl_seconds=120.0) as admission:
        held = admission.ask(ONE, Asker())
        asker = Asker()
        thread, got = waiting_thread(admission, ONE, asker)
        until(lambda: leases.book(MACHINE).waiting)
        began = time.monotonic()
        until(lambda: asker.heard)
        waited = time.monotonic() - began
        admission.give_back(held)
        thread.join(60)
        assert got[0].waited_seconds >= waited
        assert (GrantState.WAITING, (CPU,)) in asker.heard
        admission.give_back(got[0])


def test_a_wait_that_is_stopped_leaves_no_place_behind():
    leases = leases_over({CPU: 1, RAM: 100})
    with admission_over(leases) as admission:
        held = admission.ask(ONE, Asker())
        stop = threading.Event()
        threading.Timer(0.1, stop.set).start()
        with pytest.raises(RunCancelled):
            admission.ask(ONE, Asker(stop=stop))
        assert not leases.book(MACHINE).waiting
        admission.give_back(held)


def test_more_than_there_is_is_asked_for_as_all_there_is_but_not_for_what_lasts():
    leases = leases_over({CPU: 2, RAM: 100})
    with admission_over(leases) as admission:
        held = admission.ask(Demand("large", {CPU: 16, RAM: 1000}), Asker())
        assert held.request.weights == {CPU: 2, RAM: 100}
        assert admission._bounded({CPU: 16, "vram:0": 5}) == {CPU: 2, "vram:0": 5}
        admission.give_back(held)
        with pytest.raises(LeaseImpossible, match="model"):
            admission.ask(Demand("model", {RAM: 1000}), Asker(), lasting=True)
        with pytest.raises(LeaseImpossible):
            admission.ask(Demand("elsewhere", {"vram:0": 1}), Asker())


def test_the_heartbeat_keeps_a_lease_alive_and_a_dead_one_is_lost():
    clock = Turned()
    leases = leases_over({CPU: 1, RAM: 100}, clock)
    with admission_over(leases, ttl_seconds=0.4, clock=clock) as admission:
        held = admission.ask(ONE, Asker())
        for _ in range(5):
            pass_on(clock, held, 0.2)
        assert leases.book(MACHINE).leases
        held.require()
        leases.release(MACHINE, held.request.id, held.fence)
        clock.now += 0.2
        until(lambda: held.lost)
        with pytest.raises(LeaseLost):
            held.require()


def test_a_server_that_is_away_for_a_while_takes_nothing_away():
    clock = Turned()
    silent = Silent(leases_over({CPU: 1, RAM: 100}, clock))
    with admission_over(silent, ttl_seconds=1.0, clock=clock) as admission:
        held = admission.ask(ONE, Asker())
        silent.away = True
        clock.now += 0.5
        until(lambda: silent.refused > 2)
        assert not held.lost
        silent.away = False
        until(lambda: held.heard_at == clock.now)
        pass_on(clock, held, 0.8)
        assert not held.lost
        silent.away = True
        clock.now += 1.1
        until(lambda: held.lost)


def test_asking_bears_a_server_that_is_away_for_less_than_a_leases_life(monkeypatch):
    monkeypatch.setattr("janus_lab.scheduler.admission.AGAIN_SECONDS", 0.05)
    silent = Silent(leases_over({CPU: 1, RAM: 100}))
    silent.away = True
    with admission_over(silent, ttl_seconds=120.0) as admission:

        def comes_back():
            until(lambda: silent.refused > 2)
            silent.away = False

        threading.Thread(target=comes_back, daemon=True).start()
        admission.give_back(admission.ask(ONE, Asker()))
    silent.away = True
    with admission_over(silent, ttl_seconds=0.2) as admission, pytest.raises(StoreUnreachable):
        admission.ask(ONE, Asker())


def test_a_lasting_lease_that_was_lost_is_asked_for_until_it_is_granted_again():
    clock = Turned()
    leases = leases_over({CPU: 1, RAM: 100}, clock)
    with admission_over(leases, ttl_seconds=0.4, clock=clock) as admission:
        held = admission.ask(Demand("model", {RAM: 50}), Asker(), lasting=True)
        before = held.fence
        leases.release(MACHINE, held.request.id, held.fence)
        clock.now += 0.2
        until(lambda: held.fence > before and not held.lost)
        assert [lease.fence for lease in leases.book(MACHINE).leases] == [held.fence]


def test_a_lost_lasting_lease_that_does_not_fit_takes_no_place_in_the_queue_and_yields():
    clock = Turned()
    leases = leases_over({RAM: 10, CPU: 1}, clock)
    with admission_over(leases, ttl_seconds=0.4, clock=clock) as admission:
        asked = threading.Event()
        held = admission.ask(Demand("model", {RAM: 8}), Asker(), lasting=True, asked_to_yield=asked.set)
        leases.release(MACHINE, held.request.id, held.fence)
        publish(leases, {RAM: 7, CPU: 1})
        clock.now += 0.2
        assert asked.wait(60)
        until(lambda: held.lost)
        # Before there is as much as was lost: the next beat would take it.
        other = leases.request(MACHINE, replace(held.request, id="other", weights={RAM: 1}), 10)
        assert other.state is GrantState.GRANTED
        publish(leases, {RAM: 8, CPU: 0})
        until(lambda: not leases.book(MACHINE).waiting)
        leases.release(MACHINE, "other", other.fence)
        until(lambda: not held.lost)


def test_a_lasting_lease_that_is_given_back_during_a_beat_does_not_come_back():
    leases = leases_over({RAM: 10, CPU: 1})
    with admission_over(leases, ttl_seconds=60) as admission:
        held = admission.ask(Demand("model", {RAM: 8}), Asker(), lasting=True)
        admission.give_back(held)
        # The heartbeat has taken note of what is held just before.
        admission._heartbeat._beat(held)
        assert not leases.book(MACHINE).leases


def test_a_holder_that_breaks_when_it_is_to_yield_costs_nobody_else_a_lease():
    clock = Turned()
    leases = leases_over({RAM: 10, CPU: 2}, clock)

    def broken():
        raise OSError("a driver's")

    with admission_over(leases, ttl_seconds=0.4, clock=clock) as admission:
        first = admission.ask(Demand("model", {RAM: 5}), Asker(Priority.BATCH), lasting=True, asked_to_yield=broken)
        second = admission.ask(Demand("work", {CPU: 1}), Asker())
        leases.request(MACHINE, replace(first.request, id="other", weights={RAM: 9}, priority=Priority.INTERACTIVE), 10)
        pass_on(clock, second, 0.2)
        until(lambda: first.yield_wanted)
        for _ in range(4):
            pass_on(clock, second, 0.2)
        admission.look(second)
        assert not second.lost


def test_a_closed_machine_is_waited_for_until_it_is_measured():
    leases = leases_over({})
    leases.publish(MACHINE, {}, measured_at=leases.held(MACHINE)[0], stale_seconds=0.0)
    with admission_over(leases) as admission:
        asker = Asker()
        thread, got = waiting_thread(admission, ONE, asker)
        until(lambda: asker.heard)
        assert asker.heard[0][0] is GrantState.CLOSED
        publish(leases, {CPU: 1, RAM: 100})
        thread.join(60)
        assert got
        admission.give_back(got[0])
