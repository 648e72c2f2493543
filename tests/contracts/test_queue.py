"""What every broker keeps to: messages come to workers, and what nobody can handle is parked. A new broker adds a row to `BROKERS`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from dramatiq import Message
from waiting import until

from janus_lab.errors import NotFound, StoreUnreachable
from janus_lab.jobs.brokers import chosen_brokers
from janus_lab.jobs.working import working_among_others
from janus_lab.ports.dead_letters import DeadLetters
from janus_lab.ports.job_queue import JobQueue
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.values.run import Priority

BROKERS = {
    "redis": "redis_url",
    "redis 6.2": "redis62_url",
    "cluster": "redis_cluster_url",
    "server redis": "server_redis_url",
    "rabbitmq": "rabbitmq_url",
}


class Carrier:
    """Notes what it is given and does `work` with it."""

    def __init__(self, work: Callable[[str], None] = lambda _: None) -> None:
        self.work = work
        self.came: list[str] = []
        self.changed = threading.Condition()

    def carry_out(self, run_id: str) -> None:
        with self.changed:
            self.came.append(run_id)
            self.changed.notify_all()
        self.work(run_id)

    def recover(self) -> list[tuple[str, Priority]]:
        return []

    def sweep(self) -> None:
        pass

    def wait_for(self, *runs: str, times: int = 1, seconds: float = 60.0) -> None:
        with self.changed:
            came = self.changed.wait_for(lambda: all(self.came.count(run) >= times for run in runs), seconds)
        assert came, f"{runs} not within {seconds} s, only {self.came}"


@pytest.fixture(params=sorted(BROKERS))
def url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue(BROKERS[request.param])


@pytest.fixture
def queue(url: str) -> Iterator[JobQueue]:
    with factory("queue", url)(url) as opened:
        yield opened


@pytest.fixture
def letters(url: str) -> Iterator[DeadLetters]:
    with factory("dead letters", url)(url) as opened:
        yield opened


@pytest.fixture
def work(url: str, tmp_path: Path):
    settings = Settings(home=tmp_path, redis_url=url, broker_url=url, worker_threads=2)

    @contextmanager
    def opened(carrier: Carrier) -> Iterator[None]:
        stop = threading.Event()
        with ExitStack() as stack:
            stack.callback(stop.set)
            stack.enter_context(working_among_others(settings, carrier, stop))
            yield

    opened.settings = settings
    return opened


def refuse(run_id: str) -> None:
    raise NotFound(f"there is no run {run_id}", remedy="name another")


def test_runs_of_both_priorities_come_to_a_worker(work, queue):
    carrier = Carrier()
    queue.enqueue("before", Priority.INTERACTIVE)
    with work(carrier):
        queue.enqueue("a", Priority.INTERACTIVE)
        queue.enqueue("b", Priority.BATCH)
        carrier.wait_for("before", "a", "b")


def test_a_delayed_run_comes_later_and_not_before(work, queue):
    carrier = Carrier()
    with work(carrier):
        begun = time.monotonic()
        queue.enqueue("later", Priority.INTERACTIVE, delay_seconds=1.0)
        carrier.wait_for("later")
        assert 0.9 < time.monotonic() - begun < 30.0


def test_long_batch_work_keeps_no_message_from_another_worker(work, queue):
    """Two workers with one batch thread each: both long runs begin, though the first worker came first."""
    released, first, second = threading.Event(), Carrier(), Carrier()
    first.work = second.work = lambda _: released.wait(200)
    with work(first):
        queue.enqueue("one", Priority.BATCH)
        first.wait_for("one")
        queue.enqueue("two", Priority.BATCH)
        queue.enqueue("three", Priority.BATCH)
        with work(second):
            second.wait_for("two")
            released.set()
            until(lambda: len(first.came + second.came) == 3)


def test_a_failure_that_may_pass_is_tried_again(work, queue):
    def fail_once(run_id: str) -> None:
        if carrier.came.count(run_id) < 2:
            raise StoreUnreachable("gone", remedy="wait")

    carrier = Carrier(fail_once)
    with work(carrier):
        queue.enqueue("run", Priority.INTERACTIVE)
        carrier.wait_for("run", times=2)


def test_what_waits_is_counted(queue, letters):
    assert [(each.waiting, each.dead) for each in letters.lengths()] == [(0, 0)] * len(Priority)
    for number in range(3):
        queue.enqueue(f"run-{number}", Priority.BATCH)
    queue.enqueue("later", Priority.BATCH, delay_seconds=60)
    interactive, agent, batch = letters.lengths()
    assert (interactive.waiting, agent.waiting) == (0, 0)
    assert (batch.waiting, batch.delayed, batch.dead) == (3, 1, 0)


def test_a_run_that_is_not_in_the_ledger_is_parked_once_and_can_be_redriven(work, queue, letters):
    carrier = Carrier(refuse)
    with work(carrier):
        queue.enqueue("nobody", Priority.INTERACTIVE)
        until(lambda: letters.dead())
        (letter,) = letters.dead()
        assert letter.run_id == "nobody"
        assert "NotFound: there is no run nobody" in letter.reason
        assert letter.died_at == pytest.approx(time.time(), abs=120)
        assert letters.dead() == [letter], "looking changes nothing"
        assert carrier.came == ["nobody"]
        carrier.work = lambda _: None
        assert letters.redrive([letter.id]) == 1
        carrier.wait_for("nobody", times=2)
        assert letters.dead() == []
        assert letters.redrive() == 0


def test_some_letters_are_discarded_and_the_others_stay(work, queue, letters):
    with work(Carrier(refuse)):
        for name in ("a", "b", "c"):
            queue.enqueue(name, Priority.BATCH)
        until(lambda: len(letters.dead()) == 3)
    by_run = {letter.run_id: letter.id for letter in letters.dead()}
    assert letters.discard([by_run["b"]]) == 1
    assert [letter.run_id for letter in letters.dead()] == ["a", "c"]
    assert len(letters.dead(limit=1)) == 1
    assert letters.discard() == 2
    assert [each.dead for each in letters.lengths()] == [0] * len(Priority)


def poison(name: str, queue_name: str) -> bytes:
    sound = Message(
        queue_name=queue_name,
        actor_name="carry_out_batch",
        args=("run",),
        kwargs={},
        options={"redis_message_id": "poison"},
    )
    match name:
        case "not JSON":
            return b"\xff\x00 not a message"
        case "JSON, but no message":
            return b"[]"
        case "of another queue":
            return Message(**{**sound.asdict(), "queue_name": "elsewhere"}).encode()
        case "without options":
            return Message(**{**sound.asdict(), "options": None}).encode()
        case _:
            return Message(**{**sound.asdict(), "actor_name": "nobody_knows"}).encode()


@pytest.mark.parametrize(
    "name", ["not JSON", "JSON, but no message", "of another queue", "without options", "of an unknown actor"]
)
def test_poison_is_parked_and_the_worker_lives(work, queue, letters, name):
    brokers = chosen_brokers(work.settings)
    queue_name = brokers.queue_name(Priority.BATCH)
    with brokers.open() as broker:
        put_raw(broker, queue_name, poison(name, queue_name))
    carrier = Carrier()
    with work(carrier):
        queue.enqueue("sound", Priority.BATCH)
        carrier.wait_for("sound")
        until(lambda: letters.dead())
        (letter,) = letters.dead()
        assert letter.queue == queue_name
        assert letter.reason
        queue.enqueue("more", Priority.BATCH)
        carrier.wait_for("more")
    assert carrier.came == ["sound", "more"]
    assert letters.discard([letter.id]) == 1


def put_raw(broker, queue_name: str, body: bytes) -> None:
    """Put bytes where a message should be."""
    if hasattr(broker, "publish"):
        broker.declare_queue(queue_name)
        broker._declare_queue(queue_name)
        broker._declare_dq_queue(queue_name)
        broker._declare_xq_queue(queue_name)
        broker.publish(queue_name, body)
    else:
        broker.do_enqueue(queue_name, b"poison", body)
