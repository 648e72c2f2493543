"""Look-ups are forgotten: at once, then time after time, and in spite of a store that fails."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest
from waiting import until

from janus_lab.adapters.relational.ledger import open_ledger
from janus_lab.adapters.steps.memory import MemorySteps
from janus_lab.errors import StoreUnreachable
from janus_lab.runs.forgetting import DAY_SECONDS, forgetting
from janus_lab.values.ids import new_run_id
from janus_lab.values.run import Priority, Run, RunKind, RunState


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(f"sqlite:///{tmp_path}/janus.db") as opened:
        yield opened


def ended(ledger, kind: RunKind, days_ago: float) -> str:
    at = time.time() - days_ago * DAY_SECONDS
    run = Run(new_run_id(), kind, RunState.QUEUED, Priority.INTERACTIVE, {}, at)
    ledger.create(run)
    ledger.start(run.id, 1, at)
    assert ledger.finish(run.id, RunState.DONE, fence=1, at=at, result={})
    return run.id


def left(ledger) -> set[str]:
    return {run.id for run in ledger.find(limit=100)}


def test_old_look_ups_go_and_everything_else_stays(ledger):
    old = {ended(ledger, kind, 8) for kind in (RunKind.SEARCH, RunKind.EMBED, RunKind.CHAT)}
    stay = {ended(ledger, RunKind.CHAT, 6), ended(ledger, RunKind.ASK, 99), ended(ledger, RunKind.INGEST, 99)}
    with forgetting(ledger, MemorySteps(), keep_days=7):
        until(lambda: left(ledger) == stay)
    assert old.isdisjoint(left(ledger))


def test_it_is_done_again(ledger):
    with forgetting(ledger, MemorySteps(), keep_days=7, every_seconds=0.05):
        for _ in range(2):
            ended(ledger, RunKind.SEARCH, 9)
            until(lambda: not left(ledger))


def test_a_store_that_fails_is_asked_again():
    class Unwilling:
        calls = 0

        def prune(self, *, kinds, before):
            self.calls += 1
            if self.calls == 1:
                raise StoreUnreachable("no store answers", remedy="start it")
            return 0

    ledger = Unwilling()
    with forgetting(ledger, MemorySteps(), keep_days=7, every_seconds=0.02):
        until(lambda: ledger.calls > 2)


def test_of_many_workers_one_forgets_in_a_turn():
    class Counted:
        calls = 0

        def prune(self, *, kinds, before):
            self.calls += 1
            return 0

    ledger, steps = Counted(), MemorySteps()
    with ExitStack() as workers:
        for _ in range(8):
            workers.enter_context(forgetting(ledger, steps, keep_days=7))
        until(lambda: ledger.calls)
        time.sleep(0.05)
    with forgetting(ledger, steps, keep_days=7):
        time.sleep(0.05)
    assert ledger.calls == 1


def test_a_worker_that_can_not_forget_leaves_it_to_another():
    class Unwilling:
        def prune(self, *, kinds, before):
            raise StoreUnreachable("no store answers", remedy="start it")

    class Willing:
        calls = 0

        def prune(self, *, kinds, before):
            self.calls += 1
            return 0

    willing, steps = Willing(), MemorySteps()
    with forgetting(Unwilling(), steps, keep_days=7), forgetting(willing, steps, keep_days=7, every_seconds=0.5):
        until(lambda: willing.calls)
