"""The worker's queues on a real server: quick, separate, resumed; carried out by a function of the test."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from redis import Redis
from waiting import until

from janus_lab.adapters.engine_room.paths import socket_path
from janus_lab.adapters.engine_room.server import server_url, start_server, wait_for_server
from janus_lab.adapters.queue.dramatiq_redis import open_queue
from janus_lab.adapters.redis import keys
from janus_lab.errors import StoreUnreachable
from janus_lab.jobs.readiness import ready
from janus_lab.jobs.working import working_alone
from janus_lab.settings import Settings
from janus_lab.values.run import Priority


class Carrier:
    """Notes what it is given, and when, and does `work` with it."""

    def __init__(self, work: Callable[[str], None] = lambda _: None, open_runs=()) -> None:
        self.work = work
        self.open_runs = list(open_runs)
        self.at: dict[str, float] = {}
        self.order: list[str] = []
        self.changed = threading.Condition()

    def carry_out(self, run_id: str) -> None:
        with self.changed:
            self.at[run_id] = time.perf_counter()
            self.order.append(run_id)
            self.changed.notify_all()
        self.work(run_id)

    def sweep(self) -> None:
        pass

    def recover(self) -> list[tuple[str, Priority]]:
        return self.open_runs

    def wait_for(self, *runs: str, times: int = 1, seconds: float = 60.0) -> None:
        with self.changed:
            came = self.changed.wait_for(lambda: all(self.order.count(run) >= times for run in runs), seconds)
        assert came, f"{runs} not within {seconds} s, only {self.order}"


@pytest.fixture
def work(redis_url: str, tmp_path: Path):
    @contextmanager
    def opened(carrier: Carrier, threads: int = 2) -> Iterator[None]:
        settings = Settings(home=tmp_path, redis_url=redis_url, worker_threads=threads)
        with working_alone(settings, carrier, threading.Event()):
            yield

    return opened


@pytest.fixture
def queue(redis_url):
    with open_queue(redis_url) as opened:
        yield opened


def test_runs_of_every_priority_are_carried_out(work, queue):
    carrier = Carrier()
    with work(carrier):
        for priority in Priority:
            queue.enqueue(priority.value, priority)
        carrier.wait_for(*Priority)


def test_what_was_queued_before_the_worker_came_is_carried_out_in_order(work, queue):
    names = [f"run-{n:03}" for n in range(50)]
    for name in names:
        queue.enqueue(name, Priority.BATCH)
    carrier = Carrier()
    with work(carrier):
        carrier.wait_for(*names)
    assert carrier.order == names


def test_batch_work_never_holds_interactive_runs_up(work, queue):
    release = threading.Event()
    carrier = Carrier(lambda run: release.wait(200) if run.startswith("batch") else None)
    with work(carrier, threads=1):
        for n in range(10):
            queue.enqueue(f"batch-{n}", Priority.BATCH)
        carrier.wait_for("batch-0")
        queue.enqueue("asked", Priority.INTERACTIVE)
        queue.enqueue("agent", Priority.AGENT)
        carrier.wait_for("asked", "agent")
        assert "batch-1" not in carrier.at, "the first one still holds the thread of its class"
        release.set()


def test_agents_never_hold_questions_up(work, queue):
    release = threading.Event()
    carrier = Carrier(lambda run: release.wait(200) if run.startswith("agent") else None)
    with work(carrier, threads=2):
        for n in range(5):
            queue.enqueue(f"agent-{n}", Priority.AGENT)
        carrier.wait_for("agent-0")
        for n in range(4):
            queue.enqueue(f"asked-{n}", Priority.INTERACTIVE)
        carrier.wait_for(*(f"asked-{n}" for n in range(4)))
        assert "agent-1" not in carrier.at, "agents have one thread here"
        release.set()


def test_an_idle_worker_starts_at_once(work, queue, redis_url, monkeypatch):
    # It never looks by itself, so that what comes is what it was rung for.
    monkeypatch.setattr("janus_lab.adapters.queue.doorbell.LOOK_SECONDS", 3600.0)
    carrier = Carrier()
    with work(carrier), Redis.from_url(redis_url) as client:
        for n in range(20):
            # A poller would sleep; whoever waits for a bell is blocked by the server.
            until(lambda: client.info("clients")["blocked_clients"] >= len(Priority))
            queue.enqueue(str(n), Priority.INTERACTIVE)
            carrier.wait_for(str(n))


def test_a_delayed_run_is_not_early_and_not_very_late(work, queue):
    carrier = Carrier()
    with work(carrier):
        begun = time.perf_counter()
        queue.enqueue("much later", Priority.INTERACTIVE, delay_seconds=3600.0)
        queue.enqueue("later", Priority.INTERACTIVE, delay_seconds=1.0)
        queue.enqueue("now", Priority.INTERACTIVE)
        carrier.wait_for("now", "later")
    assert 0.95 < carrier.at["later"] - begun < 30.0
    assert sorted(carrier.order) == ["later", "now"]


def test_a_run_that_fails_is_tried_again(work, queue):
    failures = iter([OSError("once"), OSError("twice")])

    def fail_twice(_: str) -> None:
        if (error := next(failures, None)) is not None:
            raise error

    carrier = Carrier(fail_twice)
    with work(carrier):
        queue.enqueue("run", Priority.BATCH)
        carrier.wait_for("run", times=3)


def test_a_worker_that_lost_a_message_with_its_server_makes_room_for_one_that_recovers(tmp_path):
    socket, log = socket_path(tmp_path), tmp_path / "server.log"
    server = start_server(directory=tmp_path, socket=socket, log=log)
    url = server_url(socket, "janus-worker")
    stop = threading.Event()

    def lose_the_server(_: str) -> None:
        server.kill()
        server.wait()
        raise StoreUnreachable("no server answers", remedy="wait")

    try:
        wait_for_server(server, socket, log, wait_seconds=60)
        settings = Settings(home=tmp_path, redis_url=url, worker_threads=1)
        with open_queue(url) as queue, working_alone(settings, Carrier(lose_the_server), stop):
            queue.enqueue("run", Priority.INTERACTIVE)
            assert stop.wait(60)
    finally:
        server.kill()
        server.wait()


def test_open_runs_are_recovered_at_the_start(work):
    carrier = Carrier(open_runs=[("left", Priority.BATCH), ("behind", Priority.INTERACTIVE)])
    with work(carrier):
        carrier.wait_for("left", "behind")


def test_a_stopped_worker_interrupts_its_runs_and_leaves_them_queued(work, queue):
    interrupted = threading.Event()

    def sleep_on(_: str) -> None:
        try:
            for _ in range(30_000):
                time.sleep(0.01)
        except BaseException:
            interrupted.set()
            raise

    first, second = Carrier(sleep_on), Carrier()
    with work(first):
        queue.enqueue("long", Priority.INTERACTIVE)
        queue.enqueue("waits", Priority.INTERACTIVE)
        queue.enqueue("waits-too", Priority.INTERACTIVE)
        first.wait_for("long", "waits")
        begun = time.monotonic()
    assert time.monotonic() - begun < 60.0
    assert interrupted.wait(60)
    with work(second):
        second.wait_for("long", "waits", "waits-too", seconds=120)


def test_many_short_runs_do_not_wait_for_each_other(work, queue):
    carrier = Carrier()
    names = [str(n) for n in range(300)]
    with work(carrier):
        for name in names:
            queue.enqueue(name, Priority.INTERACTIVE)
        carrier.wait_for(*names, seconds=120)
    assert sorted(carrier.order) == sorted(names)


def test_readiness_is_shown_while_it_lasts(redis_url, tmp_path):
    with ExitStack() as stack:
        client = stack.enter_context(Redis.from_url(redis_url, decode_responses=True))
        with ready(client, Settings(home=tmp_path)):
            until(lambda: client.get(keys.WORKER))
            assert '"pid"' in client.get(keys.WORKER)
            assert 0 < client.ttl(keys.WORKER) <= 60
        assert client.get(keys.WORKER) is None


def test_an_abandoned_worker_takes_the_server_with_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "faults"))
    socket, log = socket_path(tmp_path), tmp_path / "server.log"
    server = start_server(directory=tmp_path, socket=socket, log=log)
    wait_for_server(server, socket, log, wait_seconds=60)
    command = [sys.executable, "-m", "janus_lab.jobs.worker", "--home", str(tmp_path), "--parent", "1"]
    command += ["--redis-url", server_url(socket, "janus-worker"), "--opener", "echo_worker:open_echo"]
    worker = subprocess.Popen(command)
    try:
        assert worker.wait(120) == 1
        assert server.wait(60) == 0
    finally:
        worker.kill()
        server.kill()
