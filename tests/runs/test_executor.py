"""What becomes of a run when its service works, fails, is stopped, loses its claim or runs out of its share of time."""

from __future__ import annotations

import itertools
import threading
import time
from types import SimpleNamespace

import pytest
from waiting import until

from janus_lab.adapters.claims.memory import MemoryClaims
from janus_lab.errors import ClaimLost, DiskFull, RunCancelled, StoreUnreachable, UserError
from janus_lab.runs.watch import CLAIM_SECONDS
from janus_lab.values.event import EventKind
from janus_lab.values.run import RunState


def kinds(bench, run_id):
    return [event.kind for event in bench.events.read(run_id)]


def test_a_run_that_works_is_done_with_its_result_and_manifest(bench):
    run_id = bench.new_run()

    def work(context):
        context.pin(model="abc")
        context.emit(EventKind.TOKEN, text="hello")
        return {"text": "hello"}

    bench.executor(work).carry_out(run_id)
    run = bench.ledger.get(run_id)
    assert (run.state, run.result, run.manifest) == (RunState.DONE, {"text": "hello"}, {"model": "abc"})
    assert kinds(bench, run_id) == [EventKind.STATE, EventKind.TOKEN, EventKind.DONE]


def test_a_message_that_comes_again_does_nothing(bench):
    run_id = bench.new_run()
    calls = []
    executor = bench.executor(lambda context: calls.append(context.run.id) or {})
    executor.carry_out(run_id)
    executor.carry_out(run_id)
    assert calls == [run_id]
    assert kinds(bench, run_id).count(EventKind.DONE) == 1


def test_a_known_error_is_kept_with_its_remedy(bench):
    run_id = bench.new_run()

    def work(context):
        raise UserError("no such thing", remedy="name another")

    bench.executor(work).carry_out(run_id)
    run = bench.ledger.get(run_id)
    assert run.state is RunState.FAILED
    assert (run.error.code, run.error.remedy) == ("bad-request", "name another")
    assert bench.events.last(run_id).data["message"] == "no such thing"


def test_an_unknown_error_is_our_defect(bench):
    run_id = bench.new_run()
    bench.executor(lambda context: {}[context]).carry_out(run_id)
    assert bench.ledger.get(run_id).error.code == "defect"


def test_too_little_memory_is_the_machines_not_a_stores(bench):
    run_id = bench.new_run()

    def work(context):
        raise MemoryError

    bench.executor(work).carry_out(run_id)
    assert bench.ledger.get(run_id).error.code == "out-of-capacity"


def test_finished_steps_are_passed_over_by_the_next_attempt(bench):
    run_id = bench.new_run()
    done = []

    def work(context):
        for key in ("a", "b", "c"):
            if key in context.finished:
                continue
            done.append(key)
            context.commit_step(key, {"n": 1})
            if len(done) == 2:
                raise StoreUnreachable("gone", remedy="wait")
        return {"steps": len(context.finished)}

    executor = bench.executor(work)
    with pytest.raises(StoreUnreachable):
        executor.carry_out(run_id)
    assert bench.ledger.get(run_id).state is RunState.RUNNING
    executor.carry_out(run_id)
    assert done == ["a", "b", "c"]
    assert bench.ledger.get(run_id).result == {"steps": 3}


def test_a_long_run_is_given_back_after_its_share_of_time_and_goes_on(bench):
    run_id = bench.new_run()

    def work(context):
        for number in range(3):
            if str(number) not in context.finished:
                context.commit_step(str(number), {})
        return {}

    executor = bench.executor(work, slice_seconds=-1.0)
    for _ in range(3):
        executor.carry_out(run_id)
    assert [message[0] for message in bench.queue.messages] == [run_id] * 3
    assert bench.ledger.get(run_id).state is RunState.RUNNING
    bench.executor(work).carry_out(run_id)
    assert bench.ledger.get(run_id).state is RunState.DONE


class Watched(MemoryClaims):
    """Claims that tell when somebody looked for the wish to cancel."""

    def __init__(self):
        super().__init__()
        self.looked_at = []

    def cancel_requested(self, run_id):
        self.looked_at.append(time.monotonic())
        return super().cancel_requested(run_id)

    def often(self):
        """Whether two looks were less than a quarter of a second apart; on a busy machine others may be further."""
        looks = list(self.looked_at)
        return any(after - before < 0.25 for before, after in itertools.pairwise(looks))


def test_cancelling_stops_within_half_a_second_and_keeps_the_partial_result(bench):
    bench.claims = Watched()
    run_id = bench.new_run()
    looked = []

    def work(context):
        until(bench.claims.often)
        bench.claims.request_cancel(run_id)
        looked.append(len(bench.claims.looked_at))
        until(context.cancelled)
        looked.append(len(bench.claims.looked_at))
        context.mark_partial()
        return {"text": "half an ans"}

    bench.executor(work).carry_out(run_id)
    run = bench.ledger.get(run_id)
    assert (run.state, run.result) == (RunState.CANCELLED, {"text": "half an ans"})
    assert looked[1] - looked[0] <= 1, "the first look after the wish finds it"


def test_a_run_cancelled_before_it_starts_never_starts(bench):
    run_id = bench.new_run()
    bench.claims.request_cancel(run_id)
    bench.executor(lambda context: pytest.fail("it started")).carry_out(run_id)
    assert bench.ledger.get(run_id).state is RunState.CANCELLED


def test_a_run_that_another_worker_holds_is_looked_at_again_later(bench):
    run_id = bench.new_run()
    assert bench.claims.take(run_id, "other", 60.0) is not None
    bench.executor(lambda context: pytest.fail("two workers")).carry_out(run_id)
    assert [(m[0], m[2]) for m in bench.queue.messages] == [(run_id, CLAIM_SECONDS)]


def test_of_many_messages_that_meet_a_held_claim_one_looks_again(bench):
    now = [time.time()]
    bench.claims = MemoryClaims(lambda: now[0])
    run_id = bench.new_run()
    assert bench.claims.take(run_id, "other", 60.0) is not None
    executor = bench.executor(lambda context: pytest.fail("two workers"))
    for _ in range(20):
        executor.carry_out(run_id)
    assert len(bench.queue.messages) == 1
    now[0] += CLAIM_SECONDS
    executor.carry_out(run_id)
    assert len(bench.queue.messages) == 2


def test_a_worker_that_died_with_the_message_that_was_to_look_again_holds_nobody_off(bench):
    run_id = bench.new_run()
    assert bench.claims.take(run_id, "dead", 60.0) is not None
    bench.executor(lambda context: pytest.fail("two workers"), holder="dead").carry_out(run_id)
    bench.queue.messages.clear()
    bench.executor(lambda context: pytest.fail("two workers"), holder="new").carry_out(run_id)
    assert [(m[0], m[2]) for m in bench.queue.messages] == [(run_id, CLAIM_SECONDS)]


def test_two_workers_racing_carry_out_a_run_once(bench):
    run_ids = [bench.new_run() for _ in range(10)]
    calls = []

    def work(context):
        calls.append(context.run.id)
        time.sleep(0.01)
        return {}

    def deliver():
        executor = bench.executor(work, holder="same")
        for run_id in run_ids:
            executor.carry_out(run_id)

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(calls) == sorted(run_ids)


def test_a_worker_that_lost_its_claim_records_nothing(bench):
    run_id = bench.new_run()

    def work(context):
        # Another worker took over with a higher fencing number while this one was frozen.
        assert bench.ledger.start(run_id, context.fence + 1, time.time())
        return {"by": "the frozen one"}

    bench.executor(work).carry_out(run_id)
    assert bench.ledger.get(run_id).state is RunState.RUNNING
    assert bench.ledger.get(run_id).result is None


@pytest.mark.parametrize("partial", [True, False])
def test_a_run_whose_claim_expired_is_not_cancelled_but_tried_again(bench, monkeypatch, partial):
    run_id = bench.new_run()

    def work(context):
        bench.claims._claims.clear()
        # The next renewal is due, and finds it gone.
        monkeypatch.setattr("janus_lab.runs.watch.CLAIM_SECONDS", 0.0)
        until(context.cancelled)
        if not partial:
            context.check_cancelled()
        context.mark_partial()
        return {"text": "half"}

    with pytest.raises(ClaimLost):
        bench.executor(work).carry_out(run_id)
    assert bench.ledger.get(run_id).state is RunState.RUNNING
    monkeypatch.setattr("janus_lab.runs.watch.CLAIM_SECONDS", CLAIM_SECONDS)
    bench.executor(lambda context: {"text": "whole"}).carry_out(run_id)
    assert bench.ledger.get(run_id).result == {"text": "whole"}


def test_a_wish_to_cancel_is_heard_although_the_claim_can_not_be_written(bench, monkeypatch):
    # Half of the claim's life has passed at the second look at the clock and stays passed: it is renewed in vain, and not lost.
    ticks = itertools.chain([0.0], itertools.repeat(CLAIM_SECONDS / 2))
    monkeypatch.setattr("janus_lab.runs.watch.time", SimpleNamespace(monotonic=lambda: next(ticks)))
    monkeypatch.setattr("janus_lab.runs.watch.CANCEL_POLL_SECONDS", 0.01)
    tried = threading.Event()

    class NoRoom(MemoryClaims):
        def renew(self, run_id, holder, fence, ttl_seconds):
            tried.set()
            raise DiskFull("no room", remedy="make some")

    bench.claims = NoRoom()
    run_id = bench.new_run()

    def work(context):
        assert tried.wait(60)
        bench.claims.request_cancel(run_id)
        until(context.cancelled)
        context.check_cancelled()

    bench.executor(work).carry_out(run_id)
    assert bench.ledger.get(run_id).state is RunState.CANCELLED


def test_a_server_that_lost_its_count_does_not_fence_us_off(bench):
    run_id = bench.new_run()
    assert bench.ledger.start(run_id, 10**15, time.time())
    bench.executor(lambda context: {"fence": context.fence}).carry_out(run_id)
    assert bench.ledger.get(run_id).result == {"fence": 10**15 + 1}


def test_a_run_that_kills_its_workers_is_given_up_until_somebody_retries_it(bench):
    run_id = bench.new_run()

    for number in range(3):
        # All that a killed worker leaves is that it had begun.
        assert bench.ledger.start(run_id, number + 1, time.time())
    bench.executor(lambda context: pytest.fail("begun a fourth time")).carry_out(run_id)
    run = bench.ledger.get(run_id)
    assert (run.state, run.error.code) == (RunState.FAILED, "run-failed")
    assert bench.ledger.requeue(run_id)
    bench.executor(lambda context: {"n": 1}).carry_out(run_id)
    assert bench.ledger.get(run_id).result == {"n": 1}


def test_a_worker_that_is_stopped_says_nothing_against_its_run(bench):
    run_id = bench.new_run()

    class Stopped(BaseException):
        """What a worker's thread gets when the engine room is stopped."""

    def work(context):
        raise Stopped

    for _ in range(5):
        with pytest.raises(Stopped):
            bench.executor(work).carry_out(run_id)
    bench.executor(lambda context: {"n": 1}).carry_out(run_id)
    assert bench.ledger.get(run_id).result == {"n": 1}


def test_a_ledger_that_dies_again_and_again_says_nothing_against_its_run(bench, monkeypatch):
    run_id = bench.new_run()
    withdraw, away = bench.ledger.withdraw, StoreUnreachable("it is being started", remedy="wait")
    refused = []

    def once_back(run_id, *, fence):
        if refused.append(fence) or refused.count(fence) < 3:
            raise away
        withdraw(run_id, fence=fence)

    def work(context):
        raise away

    monkeypatch.setattr(bench.ledger, "withdraw", once_back)
    monkeypatch.setattr("janus_lab.runs.executor.RECORD_PAUSE_SECONDS", 0.01)
    for _ in range(5):
        with pytest.raises(StoreUnreachable):
            bench.executor(work).carry_out(run_id)
        assert bench.ledger.get(run_id).attempts == 0
    bench.executor(lambda context: {"n": 1}).carry_out(run_id)
    assert bench.ledger.get(run_id).result == {"n": 1}


def test_a_ledger_that_stays_away_hides_no_error(bench, monkeypatch):
    run_id = bench.new_run()

    def never(*args, **options):
        raise StoreUnreachable("the ledger is away", remedy="wait")

    def work(context):
        raise StoreUnreachable("the cause", remedy="wait")

    monkeypatch.setattr(bench.ledger, "withdraw", never)
    monkeypatch.setattr("janus_lab.runs.executor.RECORD_SECONDS", 0.0)
    with pytest.raises(StoreUnreachable, match="the cause"):
        bench.executor(work).carry_out(run_id)


def test_recovery_names_open_runs_oldest_first(bench):
    first, second, over = (bench.new_run() for _ in range(3))
    executor = bench.executor(lambda context: {})
    executor.carry_out(over)
    assert [run_id for run_id, _ in executor.recover()] == [first, second]


def test_a_cancelled_service_that_raises_has_no_result(bench):
    run_id = bench.new_run()

    def work(context):
        raise RunCancelled("stopped", remedy="retry it")

    bench.executor(work).carry_out(run_id)
    assert bench.ledger.get(run_id).state is RunState.CANCELLED
    assert bench.events.last(run_id).kind is EventKind.ERROR
