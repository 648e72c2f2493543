"""Following runs: live, after the fact, after a retry, through an interrupt."""

from __future__ import annotations

import time

import pytest

from janus_lab.errors import EngineRoomFailed, RunCancelled, RunFailed, UserError
from janus_lab.runs.client import RunClient
from janus_lab.runs.follow import follow
from janus_lab.runs.inline import InlineQueue
from janus_lab.values.event import EventKind
from janus_lab.values.request import AskRequest
from janus_lab.values.run import Priority, RunKind, RunState


@pytest.fixture
def client(bench):
    """A client whose runs are carried out by `client.work`, in threads of this process."""
    executor = bench.executor(lambda context: made.work(context))
    # A retry may come before the claim of the attempt that failed is given back: its message is then queued for later.
    bench.queue = queue = InlineQueue(executor.carry_out)
    link = bench.link(queue)
    made = RunClient(bench.ledger, link=lambda: link, reopen=lambda citation: None, distress=lambda: None)
    yield made
    queue.close()


@pytest.fixture
def patience(monkeypatch):
    """Seconds that an interrupted wait lasts where nobody tells of the run's end; far more than any machine takes."""
    monkeypatch.setattr("janus_lab.runs.handle.CANCEL_PATIENCE_SECONDS", 120.0)
    return 120.0


def ask(client):
    return client.start(RunKind.ASK, AskRequest("what?", "default"), Priority.INTERACTIVE)


def test_tokens_arrive_in_order_and_the_result_after_them(client):
    def work(context):
        for word in ("one ", "two ", "three"):
            context.emit(EventKind.TOKEN, text=word)
        return {"text": "one two three"}

    client.work = work
    handle = ask(client)
    seen = []
    assert handle.wait_json(seen.append) == {"text": "one two three"}
    assert "".join(e.data["text"] for e in seen if e.kind is EventKind.TOKEN) == "one two three"
    assert seen[-1].kind is EventKind.DONE


def test_a_wait_that_leads_nowhere_names_the_run_which_stays(bench, monkeypatch):
    monkeypatch.setattr("janus_lab.runs.follow.LEDGER_SECONDS", 0.0)
    queue = InlineQueue(lambda run_id: None)
    link = bench.link(queue)
    alone = EngineRoomFailed("no worker is ready", remedy="`janus up` starts workers")
    client = RunClient(bench.ledger, link=lambda: link, reopen=lambda citation: None, distress=lambda: alone)
    handle = ask(client)
    with pytest.raises(EngineRoomFailed) as caught:
        handle.wait_json()
    queue.close()
    assert f"run {handle.id[:12]} stays queued" in caught.value.message
    assert caught.value.remedy.startswith("`janus up`")
    assert f"`janus runs follow {handle.id[:12]}`" in caught.value.remedy


def test_following_again_from_a_position_repeats_nothing(client, bench):
    client.work = lambda context: [context.emit(EventKind.TOKEN, text=str(n)) for n in range(5)] and {}
    handle = ask(client)
    handle.wait_json()
    events = list(handle.events())
    assert list(handle.events(after=events[2].sequence)) == events[3:]


def test_a_run_whose_events_have_expired_still_ends(client, bench):
    client.work = lambda context: {"n": 1}
    handle = ask(client)
    handle.wait_json()

    class Expired:
        def read(self, run_id, **options):
            return []

    assert [e.kind for e in follow(handle.id, ledger=bench.ledger, events=Expired())] == [EventKind.DONE]
    assert client.attach(handle.id[:14]).result() == {"n": 1}


def test_a_failed_run_raises_what_failed_and_can_be_retried(client):
    outcomes = iter([UserError("bad luck", remedy="again"), None])

    def work(context):
        error = next(outcomes)
        if error is not None:
            raise error
        return {"n": 2}

    client.work = work
    handle = ask(client)
    with pytest.raises(RunFailed, match="bad luck") as caught:
        handle.wait_json()
    assert caught.value.remedy == "again"
    assert client.retry(handle.id).wait_json() == {"n": 2}
    with pytest.raises(UserError, match="nothing to retry"):
        client.retry(handle.id)


def test_an_interrupted_wait_cancels_and_returns_the_partial_result(client, patience):
    def work(context):
        context.emit(EventKind.TOKEN, text="par")
        while not context.cancelled():
            time.sleep(0.005)
        context.mark_partial()
        return {"text": "par"}

    client.work = work
    handle = ask(client)

    def interrupt(event):
        if event.kind is EventKind.TOKEN:
            raise KeyboardInterrupt

    started = time.monotonic()
    assert handle.wait_json(interrupt) == {"text": "par"}
    assert time.monotonic() - started < patience / 2
    assert handle.run().state is RunState.CANCELLED


def test_an_interrupt_that_comes_with_the_last_event_loses_nothing(client, patience):
    client.work = lambda context: {"text": "all of it"}
    handle = ask(client)

    def interrupt(event):
        if event.kind is EventKind.DONE:
            raise KeyboardInterrupt

    started = time.monotonic()
    assert handle.wait_json(interrupt) == {"text": "all of it"}
    assert time.monotonic() - started < patience / 2
    assert handle.run().state is RunState.DONE


def test_cancelling_a_run_without_a_partial_result_says_how_to_go_on(client):
    def work(context):
        while True:
            context.check_cancelled()
            time.sleep(0.005)

    client.work = work
    handle = ask(client)
    handle.cancel()
    with pytest.raises(RunCancelled) as caught:
        handle.wait_json()
    assert "retry" in caught.value.remedy
