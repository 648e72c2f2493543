"""Runs that are cut into shares: started once, done by whoever is free, ended with the run that they belong to."""

from __future__ import annotations

import threading
import time

import pytest

from janus_lab.errors import StoreUnreachable, UserError
from janus_lab.values.event import EventKind
from janus_lab.values.run import RunState

REQUESTS = [{"files": [f"{number}.txt"]} for number in range(6)]


def shared(bench, work_on_share, *, before=lambda context: None):
    """A service that cuts a run into six shares and does those that nobody else does, until all are over."""

    def work(context):
        if context.run.parent:
            return work_on_share(context)
        ids = context.start_shares(REQUESTS)
        context.commit_step("shares", {})
        before(context)
        while open_shares := [share.id for share in context.shares() if not share.state.final]:
            context.check_cancelled()
            if not any(context.carry_out(share_id) for share_id in open_shares):
                time.sleep(0.01)
        return {"shares": ids, "states": [share.state.value for share in context.shares()]}

    return work


def delivered(bench, executor) -> None:
    """Deliver what is queued, as other workers would."""
    while bench.queue.messages:
        executor.carry_out(bench.queue.messages.pop(0)[0])


def test_a_worker_alone_does_every_share_itself(bench):
    run_id = bench.new_run()
    done = []
    work = shared(bench, lambda context: done.append(context.run.request["files"]) or {"n": 1})
    executor = bench.executor(work)
    executor.carry_out(run_id)
    run = bench.ledger.get(run_id)
    assert run.state is RunState.DONE
    assert run.result["states"] == ["done"] * 6
    assert done == [request["files"] for request in REQUESTS]
    assert [message[0] for message in bench.queue.messages] == run.result["shares"]
    delivered(bench, executor)
    assert len(done) == 6


def test_several_workers_do_each_share_once(bench):
    run_id = bench.new_run()
    done: list[tuple[str, str]] = []
    begun, several = threading.Event(), threading.Event()

    def on_share(context):
        done.append((threading.current_thread().name, context.run.id))
        if len({worker for worker, _ in done}) > 1:
            several.set()
        # However slow the other workers are to come: the first one is not done with all shares before.
        assert several.wait(60)
        return {}

    executor = bench.executor(shared(bench, on_share, before=lambda context: begun.set()))

    def help_out():
        assert begun.wait(60)
        for message in list(bench.queue.messages):
            executor.carry_out(message[0])

    helpers = [threading.Thread(target=help_out) for _ in range(2)]
    for helper in helpers:
        helper.start()
    executor.carry_out(run_id)
    for helper in helpers:
        helper.join()
    assert len({share for _, share in done}) == len(done) == 6
    assert several.is_set()


def test_an_attempt_after_a_kill_starts_no_share_twice(bench):
    run_id = bench.new_run()
    done = []

    def interrupted(context):
        raise StoreUnreachable("the worker is on its way out", remedy="wait")

    def on_share(context):
        done.append(context.run.id)
        return {}

    with pytest.raises(StoreUnreachable):
        bench.executor(shared(bench, on_share, before=interrupted)).carry_out(run_id)
    bench.executor(shared(bench, on_share)).carry_out(run_id)
    assert bench.ledger.get(run_id).state is RunState.DONE
    assert len(bench.ledger.find(parent=run_id)) == len(done) == 6


def test_cancelling_a_run_cancels_its_shares(bench):
    run_id = bench.new_run()

    def on_share(context):
        bench.claims.request_cancel(run_id)
        while not context.cancelled():
            time.sleep(0.005)
        context.check_cancelled()

    executor = bench.executor(shared(bench, on_share))
    executor.carry_out(run_id)
    assert bench.ledger.get(run_id).state is RunState.CANCELLED
    delivered(bench, executor)
    assert {share.state for share in bench.ledger.find(parent=run_id)} == {RunState.CANCELLED}


def test_a_share_whose_run_is_over_is_not_begun(bench):
    run_id = bench.new_run()
    begun = []

    def failing(context):
        raise UserError("no", remedy="another")

    executor = bench.executor(shared(bench, begun.append, before=failing))
    executor.carry_out(run_id)
    delivered(bench, executor)
    shares = bench.ledger.find(parent=run_id)
    assert begun == []
    assert {share.state for share in shares} == {RunState.CANCELLED}
    assert bench.events.last(shares[0].id).kind is EventKind.ERROR


def test_a_retried_run_takes_up_the_shares_that_failed(bench):
    run_id = bench.new_run()
    failing = {REQUESTS[2]["files"][0]}
    done = []

    def on_share(context):
        name = context.run.request["files"][0]
        if name in failing:
            raise UserError("no", remedy="another")
        done.append(name)
        return {}

    def work(context):
        result = shared(bench, on_share)(context)
        if not context.run.parent and "failed" in result["states"]:
            raise UserError("a share failed", remedy="retry")
        return result

    executor = bench.executor(work)
    executor.carry_out(run_id)
    assert bench.ledger.get(run_id).state is RunState.FAILED
    assert len(done) == 5
    failing.clear()
    assert bench.ledger.requeue(run_id)
    executor.carry_out(run_id)
    assert bench.ledger.get(run_id).state is RunState.DONE
    assert sorted(done) == sorted(request["files"][0] for request in REQUESTS)


def test_a_share_that_another_worker_has_is_left_to_it(bench):
    run_id = bench.new_run()
    answers = []

    def work(context):
        if context.run.parent:
            return {}
        first, second = context.start_shares(REQUESTS[:2])
        bench.claims.take(first, "another worker", 60.0)
        answers.extend([context.carry_out(first), context.carry_out(second)])
        return {}

    bench.executor(work).carry_out(run_id)
    assert answers == [False, True]
