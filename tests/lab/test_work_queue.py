"""The queue as a person sees it: who is at what, how far, and what may be done."""

from __future__ import annotations

import time
from contextlib import nullcontext

import pytest

from janus_lab.adapters.claims.memory import MemoryClaims
from janus_lab.adapters.events.memory import MemoryEvents
from janus_lab.adapters.relational.ledger import open_ledger
from janus_lab.errors import StoreUnreachable
from janus_lab.lab.work_queue import NO_ROOM, WorkQueueReader
from janus_lab.runs.inline import NothingParked
from janus_lab.values.event import Event, EventKind
from janus_lab.values.ids import new_run_id
from janus_lab.values.run import Priority, Run, RunKind, RunState, Step
from janus_lab.values.work_queue import RunAct
from janus_lab.verbs.plain import plain


class Room:
    """A room whose servers a test takes away."""

    def __init__(self) -> None:
        self.claims, self.events = MemoryClaims(), MemoryEvents()
        self.running, self.trouble = True, None

    def reached(self):
        if self.trouble is not None:
            raise self.trouble
        return self if self.running else None

    def letters(self):
        return nullcontext(NothingParked())


@pytest.fixture
def room():
    return Room()


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(f"sqlite:///{tmp_path}/janus.db") as opened:
        yield opened


def made(ledger, *, priority=Priority.BATCH, kind=RunKind.INGEST, parent="", at=1.0) -> Run:
    run = Run(new_run_id(), kind, RunState.QUEUED, priority, {"sources": ["/docs"]}, at, parent=parent)
    ledger.create(run)
    return run


def phases(queue):
    return [(each.run.id, each.phase) for each in queue.runs]


def test_runs_stand_in_the_order_in_which_they_are_served(ledger, room):
    batch, agent, question = made(ledger, at=1.0), made(ledger, priority=Priority.AGENT, at=2.0), None
    question = made(ledger, priority=Priority.INTERACTIVE, kind=RunKind.ASK, at=3.0)
    resting = made(ledger, at=0.5)
    ledger.pause(resting.id)
    running, ended = made(ledger, at=4.0), made(ledger, at=0.1)
    ledger.start(running.id, 1, 5.0)
    room.claims.take(running.id, "worker", 60.0)
    ledger.finish(ended.id, RunState.DONE, fence=1, at=2.0)
    search = made(ledger, kind=RunKind.SEARCH)
    ledger.finish(search.id, RunState.DONE, fence=1, at=2.0)
    now = WorkQueueReader(room, ledger).now()
    assert phases(now) == [
        (running.id, "running"),
        (question.id, "queued"),
        (agent.id, "queued"),
        (batch.id, "queued"),
        (resting.id, "paused"),
        (ended.id, "done"),
    ]
    assert [each.before for each in now.runs] == [None, 0, 1, 2, None, None]
    shown = plain(now)
    assert "behind 2 runs" in shown
    assert "next" in shown


def test_what_may_be_done_follows_from_the_state(ledger, room):
    run = made(ledger)
    share = made(ledger, parent=run.id, at=2.0)
    reader = WorkQueueReader(room, ledger)

    def acts():
        return {each.run.id: each.acts for each in reader.now().runs}[run.id]

    assert acts() == (RunAct.PAUSE, RunAct.CANCEL)
    ledger.pause(run.id)
    assert acts() == (RunAct.RESUME, RunAct.CANCEL)
    ledger.finish(run.id, RunState.FAILED, fence=1, at=2.0)
    assert acts() == (RunAct.RETRY,)
    opened = reader.now(run.id).opened
    assert [(each.run.id, each.acts) for each in opened.shares] == [(share.id, (RunAct.CANCEL,))]
    ledger.finish(share.id, RunState.DONE, fence=1, at=2.0)
    assert reader.now(share.id).opened.shares == ()


def test_a_pause_is_told_as_such_until_the_worker_has_ended_its_step(ledger, room):
    run = made(ledger)
    fence = room.claims.take(run.id, "worker", 60.0)
    ledger.start(run.id, fence, 1.0)
    reader = WorkQueueReader(room, ledger)
    ledger.pause(run.id)
    assert phases(reader.now()) == [(run.id, "pausing")]
    room.claims.release(run.id, "worker", fence)
    assert phases(reader.now()) == [(run.id, "paused")]
    ledger.resume(run.id)
    ledger.start(run.id, fence + 1, 2.0)
    assert phases(reader.now()) == [(run.id, "waiting")]
    assert "waits for a worker" in plain(reader.now())


def test_progress_waits_and_steps_are_told(ledger, room):
    run = made(ledger, at=time.time())
    fence = room.claims.take(run.id, "worker", 60.0)
    ledger.start(run.id, fence, 1.0)
    for number in range(15):
        ledger.commit_step(Step(run.id, f"step-{number}", {"chunks": 256, "seconds": 1.25}, 2.0), fence=fence)
    reader = WorkQueueReader(room, ledger)
    progress = {"files_done": 3, "files_total": 9, "chunks_done": 1200, "seconds_left": 40.0}
    room.events.append(Event(run.id, EventKind.PROGRESS, progress, 1.0))
    assert "3 of 9 files · 1,200 chunks · 40 s left" in plain(reader.now())
    room.events.append(Event(run.id, EventKind.WAITING, {"what": "memory", "seconds": 12.0}, 1.0))
    now = reader.now(run.id)
    assert phases(now) == [(run.id, "waiting")]
    assert "waits for memory, for 12 s by now" in plain(now)
    assert now.opened.step_count == 15
    assert [step.key for step in now.opened.steps][:2] == ["step-14", "step-13"]
    assert "256 chunks · 1.2 s" in plain(now)


def test_nothing_is_started_and_nothing_raised(ledger, room):
    run = made(ledger)
    reader = WorkQueueReader(room, ledger)
    room.running = False
    assert (reader.now().note, phases(reader.now())) == (NO_ROOM, [(run.id, "queued")])
    room.trouble = StoreUnreachable("no server answers", remedy="start it")
    assert (reader.now().note, phases(reader.now())) == ("no server answers", [(run.id, "queued")])
    assert reader.now("0" * 32).opened is None
