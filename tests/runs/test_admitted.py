"""Runs that wait for a lease: told, cancelled, paused and given back in time; and what their manifest says of it."""

from __future__ import annotations

import threading
import time

import pytest
from waiting import until

from janus_lab.runs import context as contexts
from janus_lab.runs import patience
from janus_lab.runs.admitted import Admitted
from janus_lab.runs.executor import Executor
from janus_lab.scheduler import admission as asking
from janus_lab.scheduler import fairness, giving_up
from janus_lab.scheduler.demand import Demand, Demands
from janus_lab.scheduler.work import Somebody, Work
from janus_lab.values.event import EventKind
from janus_lab.values.lease import CPU, RAM, Capacity
from janus_lab.values.run import Priority, Run, RunKind, RunState
from tests.admitting import MACHINE, admission_over, leases_over

CORES = {CPU: 2, RAM: 10**9}


class Counting:
    """Takes note of what it was given to do."""

    def __init__(self):
        self.calls = 0

    def execute(self, context):
        self.calls += 1
        context.check_cancelled()
        return {"calls": self.calls}


@pytest.fixture
def leases():
    return leases_over(CORES)


@pytest.fixture
def admission(leases):
    with admission_over(leases) as admission:
        yield admission


@pytest.fixture
def full(admission):
    """All processors are held by somebody else until the test releases them."""
    work = Work(admission, Demand("other", {CPU: 2}), Somebody())
    work.take()
    yield work
    work.end()


def new_run(bench, run_id, priority=Priority.INTERACTIVE, **options):
    bench.ledger.create(
        Run(run_id, RunKind.EMBED, RunState.QUEUED, priority, {"question": "?"}, time.time(), **options)
    )
    return run_id


def executor(bench, admission, service, **options):
    return Executor(
        holder="one",
        ledger=bench.ledger,
        events=bench.events,
        claims=bench.claims,
        queue=lambda: bench.queue,
        services={RunKind.EMBED: Admitted(service, admission, Demands(2))},
        **options,
    )


def carried_out(executor, run_id):
    thread = threading.Thread(target=executor.carry_out, args=(run_id,))
    thread.start()
    return thread


def waits(leases):
    return bool(leases.book(MACHINE).waiting)


def test_a_run_tells_for_what_it_waits_and_its_manifest_how_long(bench, admission, leases, full, monkeypatch):
    monkeypatch.setattr(fairness, "TURN_SECONDS", 3600.0)
    run_id = new_run(bench, "a" * 32, cell="In [3] of wind.ipynb")
    thread = carried_out(executor(bench, admission, Counting()), run_id)
    until(lambda: waits(leases))
    (waiting,) = leases.book(MACHINE).waiting
    assert (waiting.request.run_id, waiting.request.cell) == (run_id, "In [3] of wind.ipynb")
    until(lambda: any(event.kind is EventKind.WAITING for event in bench.events.read(run_id)))
    told, *_ = [event.data for event in bench.events.read(run_id) if event.kind is EventKind.WAITING]
    assert (told["what"], told["state"]) == ("threads", "waiting")
    full.end()
    thread.join(60)
    run = bench.ledger.get(run_id)
    assert run.state is RunState.DONE
    facts = run.manifest["leases"]
    assert (facts["count"], facts["lost"]) == (1, 0)
    assert facts["waited_seconds"] >= 0.5
    assert facts["first"][0]["weights"][CPU] == 2
    assert not leases.book(MACHINE).leases


def test_the_manifest_counts_the_leases_of_every_attempt(bench, admission):
    class Slices:
        def execute(self, context):
            for number in range(3):
                if str(number) not in context.finished:
                    context.commit_step(str(number), {})
            return {}

    run_id = new_run(bench, "a" * 32, Priority.BATCH)
    slicing = executor(bench, admission, Slices(), slice_seconds=0.0)
    for attempt in (1, 2, 3):
        slicing.carry_out(run_id)
        run = bench.ledger.get(run_id)
        assert (run.state, run.manifest["leases"]["count"]) == (RunState.RUNNING, attempt)
    slicing.carry_out(run_id)
    facts = bench.ledger.get(run_id).manifest["leases"]
    assert (bench.ledger.get(run_id).state, facts["count"], len(facts["first"])) == (RunState.DONE, 4, 4)
    assert [lease["fence"] for lease in facts["first"]] == sorted({lease["fence"] for lease in facts["first"]})


def test_a_run_is_cancelled_while_it_waits(bench, admission, leases, full, monkeypatch):
    # The wish is heard between two questions for the lease, not with the next one.
    monkeypatch.setattr(asking, "AGAIN_SECONDS", 3600.0)
    run_id, service = new_run(bench, "a" * 32), Counting()
    thread = carried_out(executor(bench, admission, service), run_id)
    until(lambda: waits(leases))
    bench.claims.request_cancel(run_id)
    thread.join(60)
    assert not thread.is_alive()
    assert bench.ledger.get(run_id).state is RunState.CANCELLED
    assert not waits(leases)
    assert service.calls == 0


def test_a_run_is_paused_while_it_waits(bench, admission, leases, full):
    run_id = new_run(bench, "a" * 32)
    thread = carried_out(executor(bench, admission, Counting()), run_id)
    until(lambda: waits(leases))
    bench.ledger.pause(run_id)
    thread.join(60)
    assert not thread.is_alive()
    assert bench.ledger.get(run_id).state is RunState.PAUSED
    assert not waits(leases)


def test_waiting_is_no_attempt_that_speaks_against_a_run(bench, admission, leases, full, monkeypatch):
    monkeypatch.setattr(contexts, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(patience, "ASK_LEDGER_SECONDS", 0.05)
    run_id, service = new_run(bench, "a" * 32, Priority.BATCH), Counting()
    impatient = executor(bench, admission, service, slice_seconds=0.0)
    for turn in range(4):
        impatient.carry_out(run_id)
        assert [message[0] for message in bench.queue.messages] == [run_id] * (turn + 1)
    assert bench.ledger.get(run_id).attempts == 0
    full.end()
    impatient.carry_out(run_id)
    assert (bench.ledger.get(run_id).state, service.calls) == (RunState.DONE, 1)


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(giving_up, "CLOSED_SECONDS", 0.2)
    monkeypatch.setattr(giving_up, "FULL_SECONDS", 0.2)


@pytest.mark.usefixtures("full", "hasty")
@pytest.mark.parametrize(("closed", "code"), [(True, "admission-closed"), (False, "no-room")])
def test_who_waits_for_a_person_gives_up_after_a_while(bench, admission, leases, closed, code):
    if closed:
        failed = {name: Capacity(budget, failure="no sensor") for name, budget in CORES.items()}
        leases.publish(MACHINE, failed, measured_at=leases.held(MACHINE)[0], stale_seconds=3600.0)
    run_id = new_run(bench, "a" * 32)
    executor(bench, admission, Counting()).carry_out(run_id)
    error = bench.ledger.get(run_id).error
    assert error.code == code
    assert "janus" in error.remedy


def test_an_inner_run_takes_the_outer_ones_place(bench, admission, leases):
    inner = new_run(bench, "b" * 32)
    held = []

    class Outer:
        def execute(self, context):
            if context.run.id == inner:
                held.append(len(leases.book(MACHINE).leases))
                return {}
            executor(bench, admission, self).carry_out(inner)
            return {}

    outer = new_run(bench, "a" * 32)
    thread = carried_out(executor(bench, admission, Outer()), outer)
    thread.join(60)
    assert not thread.is_alive(), "a run waits for what it holds itself"
    assert held == [1]
    assert bench.ledger.get(outer).state is RunState.DONE
