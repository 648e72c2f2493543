"""Workers as real processes on one Redis and one RabbitMQ: whoever is killed, every run ends right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from waiting import until

from janus_lab.adapters.engine_room.inspect import inspect, stop
from janus_lab.adapters.engine_room.local_workers import start_workers
from janus_lab.adapters.engine_room.workers import ready_workers
from janus_lab.compose.links import open_link
from janus_lab.compose.server_room import ServerRoom
from janus_lab.jobs.working import SWEEP_SECONDS
from janus_lab.ports.engine_room import Link
from janus_lab.ports.ledger import Ledger
from janus_lab.runs.sweep import PATIENCE_SECONDS
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.values.event import EventKind
from janus_lab.values.ids import new_run_id
from janus_lab.values.run import Priority, Run, RunKind, RunState

from .conftest import gone

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]
OPENER = "stepping_worker:open_counting"


@dataclass
class Servers:
    """A client's view of the servers, and this machine's workers."""

    settings: Settings
    ledger: Ledger
    link: Link
    resources: ExitStack

    @property
    def gate(self) -> Path:
        """What runs wait for that are held."""
        return self.settings.home / "gate"

    @property
    def environment(self) -> dict[str, str]:
        chosen = self.settings
        return {"JANUS_REDIS_URL": chosen.redis_url, "JANUS_BROKER_URL": chosen.broker_url}

    def up(self, processes: int) -> list[int]:
        """Start workers; their pids."""
        start_workers(self.settings.home, processes=processes, opener=OPENER, environment=self.environment)
        until(lambda: len(self.workers()) >= processes, "workers that are ready")
        return [worker.pid for worker in self.workers()]

    def workers(self):
        return ready_workers(self.settings.redis_url)[1]

    def foreground(self, home: Path) -> subprocess.Popen[bytes]:
        """A worker of another machine, as it were: its data directory holds nothing."""
        environment = {**os.environ, **self.environment, "JANUS_RELATIONAL_URL": self.settings.url("relational_url")}
        command = [sys.executable, "-m", "janus_lab.jobs.foreground", "--home", str(home), "--opener", OPENER]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
        self.resources.enter_context(process)
        self.resources.callback(process.kill)
        return process

    def start(self, steps: int, *, held_at: int | None = None, queued: bool = True) -> str:
        """Ask for a run; before its step `held_at` it waits for the gate."""
        request = {"steps": steps, "held_at": held_at, "gate": str(self.gate)}
        run = Run(new_run_id(), RunKind.ASK, RunState.QUEUED, Priority.BATCH, request, time.time())
        self.ledger.create(run)
        if queued:
            self.link.queue.enqueue(run.id, run.priority)
        return run.id

    def done(self, run_id: str, steps: int) -> None:
        """The run ends, with every step done once."""
        until(lambda: self.ledger.get(run_id).state.final, "the run to end")
        run = self.ledger.get(run_id)
        assert (run.state, run.result) == (RunState.DONE, {"steps": steps})
        assert [step.key for step in self.ledger.steps(run_id)] == [str(number) for number in range(steps)]

    def by(self, run_id: str) -> set[int]:
        """The processes that did the run's steps."""
        return {int(step.effect["by"]) for step in self.ledger.steps(run_id)}

    def begun(self, run_id: str, steps: int) -> int:
        """Wait for the run's first steps; the process that did them."""
        until(lambda: len(self.ledger.steps(run_id)) >= steps, "a step")
        return next(iter(self.by(run_id)))


@pytest.fixture
def servers(tmp_path: Path, server_redis_url: str, rabbitmq_url: str) -> Iterator[Servers]:
    settings = Settings(home=tmp_path / "home", redis_url=server_redis_url, broker_url=rabbitmq_url)
    settings.home.mkdir()
    relational = settings.url("relational_url")
    with ExitStack() as stack:
        ledger = stack.enter_context(factory("ledger", relational)(relational))
        link = open_link(settings, server_redis_url, stack)
        stack.callback(stop, settings.home)
        yield Servers(settings, ledger, link, stack)


def test_two_workers_share_runs_and_say_that_they_are_there(servers):
    room = ServerRoom(servers.settings, {})
    assert room.state().workers == ()
    pids = servers.up(2)
    assert len(set(pids)) == 2
    held = servers.start(2, held_at=1)
    busy = servers.begun(held, 1)
    runs = [servers.start(4) for _ in range(8)]
    for run_id in runs:
        servers.done(run_id, 4)
    assert {busy, *(pid for run_id in runs for pid in servers.by(run_id))} == set(pids)
    servers.gate.touch()
    servers.done(held, 2)
    state = room.state()
    assert state.running
    assert state.server_version.startswith("redis ")
    assert {worker.pid for worker in state.workers} == set(pids)
    secret = servers.settings.redis_url.split(":")[2].partition("@")[0]
    for pid in [*pids, state.supervisor_pid]:
        assert secret not in Path(f"/proc/{pid}/cmdline").read_text()
    assert room.stop()
    assert gone(*pids)
    until(lambda: room.state().workers == ())
    room.close()


def test_a_killed_worker_leaves_its_run_to_another_within_seconds(servers):
    pids = servers.up(2)
    run_id = servers.start(20, held_at=3)
    # No sweep queues it: its own message alone brings it to another worker.
    assert servers.link.claims.take(f"sweep:{run_id}", "test", 600.0) is not None
    killed = servers.begun(run_id, 3)
    os.kill(killed, signal.SIGKILL)
    servers.gate.touch()
    until(lambda: servers.by(run_id) != {killed}, "another worker to go on")
    servers.done(run_id, 20)
    until(lambda: len({worker.pid for worker in servers.workers()} - {killed}) == 2, "a worker in its place")
    assert set(pids) != {worker.pid for worker in servers.workers()}


def test_a_paused_run_rests_though_its_worker_is_killed_and_redis_forgets_and_goes_on_with_its_next_step(servers):
    servers.up(2)
    run_id = servers.start(steps=60, held_at=5)
    holder = servers.begun(run_id, 5)
    os.kill(holder, signal.SIGSTOP)
    assert servers.ledger.pause(run_id)
    os.kill(holder, signal.SIGKILL)
    servers.gate.touch()
    with Redis.from_url(servers.settings.redis_url) as client:
        client.flushall()
    until(lambda: len(servers.workers()) >= 2, "another worker in its place")
    time.sleep(PATIENCE_SECONDS + 2 * SWEEP_SECONDS)
    assert servers.ledger.get(run_id).state is RunState.PAUSED
    assert len(servers.ledger.steps(run_id)) == 5, "nobody goes on with it"
    assert servers.ledger.resume(run_id)
    servers.link.queue.enqueue(run_id, Priority.BATCH)
    servers.done(run_id, steps=60)


def test_a_broker_that_is_killed_and_restarted_costs_nothing(servers, rabbitmq_server):
    servers.up(1)
    run_id = servers.start(30, held_at=2)
    servers.begun(run_id, 2)
    waiting = servers.start(3)
    rabbitmq_server.kill()
    rabbitmq_server.start()
    servers.gate.touch()
    servers.done(run_id, 30)
    servers.done(waiting, 3)
    servers.done(servers.start(3), 3)


def test_a_redis_that_is_killed_and_comes_back_without_its_data_costs_nothing(servers, redis_stack_server):
    servers.up(1)
    run_id = servers.start(30, held_at=2)
    servers.begun(run_id, 2)
    with Redis.from_url(servers.settings.redis_url) as client:
        client.flushall()
        client.script_flush()
    redis_stack_server.kill()
    redis_stack_server.start()
    servers.gate.touch()
    servers.done(run_id, 30)
    later = servers.start(2)
    servers.done(later, 2)
    until(lambda: (last := servers.link.events.last(later)) and last.kind is EventKind.DONE, "its last event")


def test_a_run_whose_message_is_lost_is_found_by_a_sweep(servers):
    servers.up(2)
    run_id = servers.start(2, queued=False)
    servers.done(run_id, 2)


def test_a_worker_in_the_foreground_joins_and_drains_on_sigterm(servers, tmp_path):
    worker = servers.foreground(tmp_path / "elsewhere")
    until(servers.workers, "a worker that is ready")
    run_id = servers.start(20, held_at=2)
    servers.begun(run_id, 2)
    worker.send_signal(signal.SIGTERM)
    log = worker.communicate(timeout=120)[1].decode()
    assert worker.returncode == 0, log
    assert "amqp://janus" not in log
    assert servers.ledger.get(run_id).attempts == 0, "being stopped says nothing against a run"
    assert servers.workers() == ()
    assert len(servers.ledger.steps(run_id)) == 2, "nobody waited for its end"
    servers.gate.touch()
    servers.up(1)
    servers.done(run_id, 20)


def test_a_client_without_workers_is_told_what_to_do(servers, monkeypatch):
    monkeypatch.setattr("janus_lab.compose.server_room.LONELY_SECONDS", 600.0)
    room = ServerRoom(servers.settings, {})
    assert room.distress() is None, "one may just be starting"
    monkeypatch.setattr("janus_lab.compose.server_room.LONELY_SECONDS", 0.0)
    trouble = room.distress()
    assert trouble.code == "engine-room-failed"
    assert "janus up" in trouble.remedy
    assert room.checks()[0].remedy == trouble.remedy
    assert not inspect(servers.settings.home).running
