"""What every ledger does."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from janus_lab.adapters.relational.ledger import open_ledger
from janus_lab.errors import AmbiguousId, ClaimLost, NotFound, StoreFailed
from janus_lab.values.ids import new_run_id
from janus_lab.values.run import ACTIVE, OPEN, Priority, Run, RunError, RunKind, RunState, Step

ROWS = [
    ("sqlite", lambda request: f"sqlite:///{request.getfixturevalue('tmp_path')}/janus.db"),
    ("postgresql", lambda request: request.getfixturevalue("ready_postgresql_url")),
]
FINAL = [RunState.DONE, RunState.FAILED, RunState.CANCELLED]


@pytest.fixture(params=[row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def ledger(request):
    with open_ledger(request.param(request)) as opened:
        yield opened


def queued(run_id: str | None = None, *, kind: RunKind = RunKind.ASK, created_at: float = 1.0) -> Run:
    request = {"question": "Wer war’s?", "limit": 8, "where": []}
    return Run(run_id or new_run_id(), kind, RunState.QUEUED, Priority.INTERACTIVE, request, created_at)


def test_a_run_comes_back_as_it_was_recorded(ledger):
    run = replace(
        queued(),
        state=RunState.FAILED,
        started_at=2.5,
        finished_at=3.25,
        attempts=2,
        fence=7,
        result={"partial": [1, None, "\ud800"]},
        error=RunError("disk-full", "no space", "free some"),
        manifest={"model": "abc"},
        cell="In [3] of Wind’s.ipynb",
    )
    ledger.create(run)
    assert ledger.get(run.id) == run


def test_a_run_is_recorded_once(ledger):
    run = queued()
    ledger.create(run)
    with pytest.raises(StoreFailed):
        ledger.create(replace(run, kind=RunKind.INGEST))
    assert ledger.get(run.id).kind is RunKind.ASK


def test_a_run_is_found_by_a_unique_prefix(ledger):
    ledger.create(queued("aaaa1111" + "0" * 24))
    ledger.create(queued("aaaa2222" + "0" * 24))
    assert ledger.get("aaaa1").id.startswith("aaaa1111")
    for unknown in ("aaa", "", "bbbb", "aaaa%", "____"):
        with pytest.raises(NotFound, match="there is no run"):
            ledger.get(unknown)
    with pytest.raises(AmbiguousId, match="several runs begin with 'aaaa'") as caught:
        ledger.get("aaaa")
    assert "more digits" in caught.value.remedy


def test_runs_are_found_newest_first_by_kind_and_state(ledger):
    for at in range(5):
        ledger.create(queued(f"{at:032x}", kind=RunKind.ASK if at % 2 else RunKind.INGEST, created_at=float(at)))
    ledger.start(f"{3:032x}", 1, 9.0)
    assert [run.created_at for run in ledger.find()] == [4.0, 3.0, 2.0, 1.0, 0.0]
    assert [run.created_at for run in ledger.find(limit=2)] == [4.0, 3.0]
    assert [run.created_at for run in ledger.find(kinds={RunKind.ASK})] == [3.0, 1.0]
    assert [run.created_at for run in ledger.find(kinds={RunKind.ASK}, states={RunState.QUEUED})] == [1.0]


def test_shares_are_found_by_the_run_they_are_of(ledger):
    whole, other = queued("a" * 32, kind=RunKind.INGEST), queued("b" * 32, kind=RunKind.INGEST)
    shares = [replace(queued(f"{n:032x}", created_at=2.0 + n), parent=whole.id) for n in range(3)]
    for run in (whole, other, *shares):
        ledger.create(run)
    assert ledger.find() == ledger.find(parent="") == [other, whole]
    assert ledger.find(parent=whole.id) == shares[::-1]
    assert ledger.find(parent=whole.id, states={RunState.DONE}) == ledger.find(parent=other.id) == []
    assert ledger.find(parent=None) == [*shares[::-1], other, whole]
    assert ledger.find(parent=None, kinds={RunKind.INGEST}) == [other, whole]


def test_pruning_forgets_old_ends_with_their_steps_and_shares(ledger):
    def ended(run_id: str, at: float | None, *, kind: RunKind = RunKind.SEARCH, parent: str = "") -> Run:
        run = replace(queued(run_id * 32, kind=kind), parent=parent)
        ledger.create(run)
        ledger.start(run.id, 1, 0.5)
        ledger.commit_step(Step(run.id, "a", {}, 0.5), fence=1)
        if at is not None:
            ledger.finish(run.id, RunState.DONE, fence=1, at=at)
        return ledger.get(run.id)

    old, share = ended("a", 1.0), ended("b", 1.0, parent="a" * 32)
    young, unfinished = ended("c", 2.0), ended("d", None)
    part, ask = ended("e", 1.0, parent="d" * 32), ended("f", 1.0, kind=RunKind.ASK)
    assert ledger.prune(kinds={RunKind.SEARCH}, before=2.0) == 1
    assert {run.id for run in ledger.find(parent=None)} == {run.id for run in (young, unfinished, part, ask)}
    assert ledger.steps(old.id) == ledger.steps(share.id) == []
    assert len(ledger.steps(part.id)) == 1
    assert ledger.prune(before=9.0) == 2
    assert {run.id for run in ledger.find(parent=None)} == {unfinished.id, part.id}
    assert ledger.prune(before=9.0) == 0


def test_each_new_fence_is_one_attempt(ledger):
    run = queued()
    ledger.create(run)
    assert ledger.start(run.id, 3, 10.0)
    assert ledger.start(run.id, 3, 11.0)
    assert not ledger.start(run.id, 2, 12.0)
    found = ledger.get(run.id)
    assert (found.state, found.attempts, found.started_at, found.fence) == (RunState.RUNNING, 1, 10.0, 3)
    assert ledger.start(run.id, 4, 13.0)
    assert (ledger.get(run.id).attempts, ledger.get(run.id).started_at) == (2, 13.0)


@pytest.mark.parametrize("state", FINAL)
def test_a_final_run_stays_as_it_ended(ledger, state):
    run = queued()
    ledger.create(run)
    assert ledger.finish(run.id, state, fence=1, at=5.0, result={"n": 1}, manifest={"m": 2})
    ended = ledger.get(run.id)
    assert (ended.state, ended.finished_at, ended.result, ended.manifest) == (state, 5.0, {"n": 1}, {"m": 2})
    assert not ledger.start(run.id, 9, 6.0)
    assert not ledger.finish(run.id, RunState.DONE, fence=9, at=6.0)
    assert ledger.get(run.id) == ended


def test_an_overtaken_worker_changes_nothing(ledger):
    run = queued()
    ledger.create(run)
    ledger.start(run.id, 1, 1.0)
    ledger.start(run.id, 2, 2.0)
    assert not ledger.finish(run.id, RunState.DONE, fence=1, at=3.0, result={})
    with pytest.raises(ClaimLost):
        ledger.commit_step(Step(run.id, "file:a", {}, 3.0), fence=1)
    assert ledger.get(run.id).state is RunState.RUNNING
    assert ledger.steps(run.id) == []


def test_what_an_earlier_attempt_found_out_is_kept_for_the_next(ledger):
    run = queued()
    ledger.create(run)
    ledger.start(run.id, 2, 1.0)
    ledger.pin(run.id, {"leases": {"count": 1}}, fence=1)
    assert ledger.get(run.id).manifest == {}
    ledger.pin(run.id, {"leases": {"count": 3}}, fence=2)
    assert ledger.get(run.id).manifest == {"leases": {"count": 3}}
    ledger.finish(run.id, RunState.DONE, fence=2, at=3.0, manifest={"leases": {"count": 5}})
    ledger.pin(run.id, {}, fence=2)
    assert ledger.get(run.id).manifest == {"leases": {"count": 5}}


def test_a_failed_run_is_queued_again_with_its_steps(ledger):
    run = queued()
    ledger.create(run)
    assert not ledger.requeue(run.id)
    ledger.start(run.id, 1, 1.0)
    ledger.commit_step(Step(run.id, "a", {"n": 1}, 1.5), fence=1)
    ledger.finish(run.id, RunState.FAILED, fence=1, at=2.0, error=RunError("x", "y", "z"))
    assert ledger.requeue(run.id)
    again = ledger.get(run.id)
    assert (again.state, again.error, again.finished_at, again.fence) == (RunState.QUEUED, None, None, 1)
    assert [step.key for step in ledger.steps(run.id)] == ["a"]
    assert not ledger.requeue(run.id)


def test_a_paused_run_rests_with_its_shares_and_keeps_what_its_worker_still_commits(ledger):
    run = queued()
    share = replace(queued(), parent=run.id)
    for each in (run, share):
        ledger.create(each)
        ledger.start(each.id, 1, 1.0)
    assert ledger.pause(run.id)
    assert not ledger.pause(run.id)
    assert ledger.paused(run.id)
    assert ledger.paused(share.id)
    assert not ledger.start(run.id, 2, 2.0)
    assert ledger.commit_step(Step(run.id, "a", {"n": 1}, 2.5), fence=1)
    assert ledger.prune(before=9.0) == 0
    assert ledger.find(states={RunState.PAUSED}) == [ledger.get(run.id)]
    assert ledger.resume(run.id)
    assert not ledger.resume(run.id)
    assert not ledger.paused(run.id)
    assert not ledger.paused(share.id)
    assert ledger.start(run.id, 2, 3.0)
    assert [step.key for step in ledger.steps(run.id)] == ["a"]
    assert not ledger.paused("0" * 32)


def test_a_worker_that_was_at_its_end_finishes_a_paused_run(ledger):
    run = queued()
    ledger.create(run)
    ledger.start(run.id, 1, 1.0)
    ledger.pause(run.id)
    assert ledger.finish(run.id, RunState.DONE, fence=1, at=2.0, result={})
    assert not ledger.pause(run.id)
    assert not ledger.resume(run.id)


def test_steps_are_committed_once_and_keep_their_order(ledger):
    run = queued()
    ledger.create(run)
    ledger.start(run.id, 1, 1.0)
    first = Step(run.id, "zuletzt", {"chunks": 3}, 9.0)
    second = Step(run.id, "a", {"chunks": 4}, 8.0)
    assert ledger.commit_step(first, fence=1)
    assert ledger.commit_step(second, fence=1)
    assert not ledger.commit_step(replace(first, effect={"chunks": 99}), fence=1)
    assert ledger.steps(run.id) == [first, second]


def test_steps_need_their_run(ledger):
    with pytest.raises(NotFound):
        ledger.commit_step(Step("0" * 32, "a", {}, 1.0), fence=1)
    assert ledger.steps("0" * 32) == []


def test_of_racing_workers_one_wins_and_every_step_counts_once(ledger):
    run = queued()
    ledger.create(run)
    barrier = threading.Barrier(8)

    def work(fence: int) -> tuple[int, bool]:
        barrier.wait()
        ledger.start(run.id, fence, float(fence))
        fresh = 0
        try:
            for key in range(20):
                fresh += ledger.commit_step(Step(run.id, str(key), {"by": fence}, 1.0), fence=fence)
        except ClaimLost:
            return fresh, False
        return fresh, ledger.finish(run.id, RunState.DONE, fence=fence, at=2.0, result={"by": fence})

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(work, range(1, 9)))
    ended = ledger.get(run.id)
    assert sum(finished for _, finished in outcomes) == 1
    assert ended.state is RunState.DONE
    assert outcomes[ended.result["by"] - 1][1]
    steps = ledger.steps(run.id)
    assert sorted(int(step.key) for step in steps) == list(range(20))
    assert sum(fresh for fresh, _ in outcomes) == len(steps)


class LedgerModel(RuleBasedStateMachine):
    """One run under every order of changes, beside the same run in plain Python."""

    opened = None

    @initialize()
    def create(self):
        self.run = queued()
        self.opened.create(self.run)

    @rule(fence=st.integers(1, 5), at=st.floats(0, 100))
    def start(self, fence, at):
        allowed = self.run.state in ACTIVE and fence >= self.run.fence
        assert self.opened.start(self.run.id, fence, at) is allowed
        if not allowed:
            return
        if fence > self.run.fence or self.run.state is RunState.QUEUED:
            self.run = replace(self.run, attempts=self.run.attempts + 1, started_at=at)
        self.run = replace(self.run, state=RunState.RUNNING, fence=fence)

    @rule(fence=st.integers(1, 5), state=st.sampled_from(FINAL))
    def finish(self, fence, state):
        allowed = self.run.state in OPEN and fence >= self.run.fence
        assert self.opened.finish(self.run.id, state, fence=fence, at=1.0, result={"f": fence}) is allowed
        if allowed:
            self.run = replace(self.run, state=state, fence=fence, finished_at=1.0, result={"f": fence})

    @rule(fence=st.integers(1, 6))
    def withdraw(self, fence):
        open_now = self.run.state in OPEN
        self.opened.withdraw(self.run.id, fence=fence)
        if open_now and fence == self.run.fence and self.run.attempts:
            self.run = replace(self.run, attempts=self.run.attempts - 1)

    @rule()
    def requeue(self):
        allowed = self.run.state in {RunState.FAILED, RunState.CANCELLED}
        assert self.opened.requeue(self.run.id) is allowed
        if allowed:
            self.run = replace(self.run, state=RunState.QUEUED, finished_at=None, result=None, error=None, attempts=0)

    @rule()
    def pause(self):
        allowed = self.run.state in ACTIVE
        assert self.opened.pause(self.run.id) is allowed
        if allowed:
            self.run = replace(self.run, state=RunState.PAUSED)

    @rule()
    def resume(self):
        allowed = self.run.state is RunState.PAUSED
        assert self.opened.paused(self.run.id) is allowed
        assert self.opened.resume(self.run.id) is allowed
        if allowed:
            self.run = replace(self.run, state=RunState.QUEUED)

    @invariant()
    def the_ledger_agrees(self):
        if hasattr(self, "run"):
            assert self.opened.get(self.run.id) == self.run


def test_every_order_of_changes_ends_as_in_the_model(ledger):
    machine = type("Machine", (LedgerModel,), {"opened": ledger})
    case = machine.TestCase
    case.settings = settings(
        max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
    )
    case().runTest()
