"""Paused runs rest after the step they are at, with their shares, and nobody but a person brings them on."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from janus_lab.errors import RunFailed, UserError
from janus_lab.runs.client import RunClient
from janus_lab.runs.follow import follow
from janus_lab.runs.inline import NothingParked
from janus_lab.runs.sweep import BUSY_PATIENCE_SECONDS, Sweep
from janus_lab.values.event import EventKind
from janus_lab.values.run import RunState

STEPS = ("a", "b", "c")


@pytest.fixture
def client(bench):
    link = bench.link(bench.queue)
    return RunClient(bench.ledger, link=lambda: link, reopen=lambda citation: None, distress=lambda: None)


def stepping(done, after_first=lambda run_id: None):
    """A service of three steps, which calls `after_first` while it is at the second."""

    def work(context):
        for key in STEPS:
            if key in context.finished:
                continue
            if key == "b":
                after_first(context.run.id)
            context.commit_step(key, {})
            done.append(key)
        return {"steps": len(context.finished)}

    return work


def states(bench, run_id):
    return [e.data["state"] for e in bench.events.read(run_id) if e.kind is EventKind.STATE]


def test_a_running_run_rests_after_its_step_and_goes_on_with_the_next(bench, client):
    run_id, done = bench.new_run(), []
    bench.executor(stepping(done, client.pause)).carry_out(run_id)
    assert bench.ledger.get(run_id).state is RunState.PAUSED
    assert [step.key for step in bench.ledger.steps(run_id)] == ["a", "b"]
    assert states(bench, run_id) == ["running", "paused"]
    assert bench.queue.messages == []
    assert bench.claims.held([run_id]) == set()
    with pytest.raises(RunFailed, match="still paused") as caught:
        client.attach(run_id).result()
    assert f"janus runs resume {run_id[:12]}" in caught.value.remedy

    bench.executor(stepping(done)).carry_out(run_id)
    assert bench.ledger.get(run_id).state is RunState.PAUSED, "its message came again"
    handle = client.resume(run_id)
    assert [message[0] for message in bench.queue.messages] == [run_id]
    bench.executor(stepping(done)).carry_out(run_id)
    assert handle.result() == {"steps": 3}
    assert [e.data["state"] for e in handle.events() if e.kind is EventKind.STATE] == ["running", "running"]
    assert [step.key for step in bench.ledger.steps(run_id)] == list(STEPS)


def test_pausing_again_and_again_never_makes_a_run_look_deadly(bench, client):
    run_id = bench.new_run()

    def work(context):
        number = len(context.finished)
        if number < 6:
            client.pause(run_id)
            context.commit_step(str(number), {})
        return {"n": number}

    executor = bench.executor(work)
    for _ in range(6):
        executor.carry_out(run_id)
        client.resume(run_id)
    executor.carry_out(run_id)
    assert bench.ledger.get(run_id).result == {"n": 6}


def test_a_pause_that_is_taken_back_within_a_step_is_never_noticed(bench, client):
    run_id, done = bench.new_run(), []

    def on_and_off(each):
        client.pause(each)
        client.resume(each)

    bench.executor(stepping(done, on_and_off)).carry_out(run_id)
    assert bench.ledger.get(run_id).state is RunState.DONE
    assert done == list(STEPS)


def test_a_queued_run_rests_and_is_neither_swept_nor_recovered(bench, client):
    run_id, done = bench.new_run(), []
    assert client.pause(run_id).state is RunState.PAUSED
    assert client.pause(run_id).state is RunState.PAUSED
    executor = bench.executor(stepping(done))
    executor.carry_out(run_id)
    assert done == executor.recover() == []
    now = [0.0]
    sweep = Sweep(
        ledger=bench.ledger,
        claims=bench.claims,
        queue=bench.queue,
        letters=lambda: nullcontext(NothingParked()),
        clock=lambda: now[0],
    )
    for now[0] in (0.0, BUSY_PATIENCE_SECONDS, 2 * BUSY_PATIENCE_SECONDS):
        assert sweep.look() == []


def test_shares_rest_with_their_run_and_are_queued_again_with_it(bench, client):
    run_id, done = bench.new_run(), []

    def work(context):
        if context.run.parent:
            return stepping(done)(context)
        context.start_shares([{"n": 0}, {"n": 1}])
        client.pause(run_id)
        context.commit_step("begun", {})
        return {}

    executor = bench.executor(work)
    executor.carry_out(run_id)
    shares = [run_id for run_id, _, _ in bench.queue.messages]
    assert len(shares) == 2
    for share_id in shares:
        executor.carry_out(share_id)
    assert done == [], "their messages are dropped"
    with pytest.raises(UserError, match="is a share of run") as caught:
        client.pause(shares[0])
    assert caught.value.remedy == f"name {run_id[:12]}"
    bench.queue.messages.clear()
    client.resume(run_id)
    assert [each for each, _, _ in bench.queue.messages] == [run_id, *shares]
    executor.carry_out(shares[1])
    assert done == list(STEPS)


def test_a_share_stops_at_its_step_when_its_run_is_paused(bench, client):
    run_id, done = bench.new_run(), []

    def work(context):
        if context.run.parent:
            return stepping(done, lambda _: client.pause(run_id))(context)
        share_id = context.start_shares([{"n": 0}])[0]
        context.carry_out(share_id)
        context.commit_step("noted", {})
        return {}

    bench.executor(work).carry_out(run_id)
    assert done == ["a"]
    assert bench.ledger.get(run_id).state is RunState.PAUSED
    assert [share.state for share in bench.ledger.find(parent=run_id)] == [RunState.RUNNING]


def test_cancelling_a_paused_run_lets_its_service_end_it_in_order(bench, client):
    run_id, tidied = bench.new_run(), []
    bench.executor(stepping([], client.pause)).carry_out(run_id)

    def work(context):
        tidied.append(context.cancelled())
        context.check_cancelled()
        return {}

    client.attach(run_id).cancel()
    assert [message[0] for message in bench.queue.messages] == [run_id]
    bench.executor(work).carry_out(run_id)
    assert tidied == [True]
    assert bench.ledger.get(run_id).state is RunState.CANCELLED


def test_what_is_over_is_neither_paused_nor_resumed(bench, client):
    run_id = bench.new_run()
    bench.executor(lambda context: {}).carry_out(run_id)
    with pytest.raises(UserError, match="is done, so there is nothing to pause"):
        client.pause(run_id)
    with pytest.raises(UserError, match="is done, so there is nothing to resume"):
        client.resume(run_id)


def test_whoever_follows_a_paused_run_is_told_once_and_goes_on_waiting(bench, client, monkeypatch):
    monkeypatch.setattr("janus_lab.runs.follow.LEDGER_SECONDS", 0.0)
    monkeypatch.setattr("janus_lab.runs.follow.WAIT_SECONDS", 0.01)
    run_id = bench.new_run()
    client.pause(run_id)
    asked = []
    heard = follow(run_id, ledger=bench.ledger, events=bench.events, distress=lambda: asked.append(1))
    assert next(heard).data == {"state": "paused"}
    assert asked == [], "nothing is wrong with a run that rests"
    client.resume(run_id)
    bench.executor(stepping([])).carry_out(run_id)
    rest = list(heard)
    assert rest[0].data["state"] == "running"
    assert rest[-1].kind is EventKind.DONE
