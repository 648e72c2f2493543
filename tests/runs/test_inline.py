"""The inline runner: at once, later, again where a store failed, and never after it was closed."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from janus_lab.errors import StoreUnreachable
from janus_lab.runs.inline import InlineQueue
from janus_lab.values.run import Priority


@contextmanager
def opened(carry_out) -> Iterator[InlineQueue]:
    with closing(InlineQueue(carry_out)) as runner:
        yield runner


def test_a_delayed_run_comes_after_one_that_is_due(monkeypatch):
    done: queue.Queue[str] = queue.Queue()
    begin, delays = threading.Event(), []

    class Held(threading.Timer):
        """Its time begins when the test says so."""

        def run(self) -> None:
            delays.append(self.interval)
            assert begin.wait(60)
            super().run()

    monkeypatch.setattr(threading, "Timer", Held)
    with opened(done.put) as runner:
        runner.enqueue("later", Priority.BATCH, delay_seconds=0.05)
        runner.enqueue("now", Priority.BATCH)
        assert done.get(timeout=60) == "now"
        begin.set()
        assert done.get(timeout=60) == "later"
    assert delays == [0.05]


def test_a_run_that_a_store_failed_is_tried_again():
    attempts: queue.Queue[str] = queue.Queue()

    def fail_once(run_id: str) -> None:
        attempts.put(run_id)
        if first.acquire(blocking=False):
            raise StoreUnreachable("the database is locked", remedy="wait")

    first = threading.Lock()
    with opened(fail_once) as runner:
        runner.enqueue("run", Priority.BATCH)
        assert [attempts.get(timeout=60), attempts.get(timeout=60)] == ["run", "run"]


def test_closing_waits_for_what_runs_and_drops_what_waits():
    began, done = threading.Event(), []

    def work(run_id: str) -> None:
        began.set()
        time.sleep(0.1)
        done.append(run_id)

    with opened(work) as runner:
        runner.enqueue("later", Priority.BATCH, delay_seconds=60.0)
        runner.enqueue("runs", Priority.BATCH)
        assert began.wait(60)
    runner.enqueue("too late", Priority.BATCH)
    assert done == ["runs"]
    for timer in runner._waiting:
        timer.join(60)
        assert not timer.is_alive()
