"""Messages that no worker can handle, and runs that kill their workers: parked, shown, queued again; others go on meanwhile."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from dramatiq import Message
from waiting import until

from janus_lab import open_lab
from janus_lab.adapters.queue import dramatiq_rabbitmq, dramatiq_redis
from janus_lab.adapters.queue.message import run_message
from janus_lab.cli import main
from janus_lab.values.ids import new_run_id
from janus_lab.values.run import Priority, Run, RunKind, RunState
from tests.end_to_end.hosts import Host

BROKERS = {"rabbitmq": dramatiq_rabbitmq, "redis": dramatiq_redis}

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


@pytest.fixture(params=BROKERS)
def settings(request, server_redis_url, postgresql_url):
    """Servers with either broker."""
    chosen = {"redis_url": server_redis_url, "relational_url": postgresql_url, "generation_model": ""}
    if request.param == "rabbitmq":
        chosen["broker_url"] = request.getfixturevalue("rabbitmq_url")
    return chosen


@pytest.fixture
def lab(project, settings, monkeypatch):
    for name, value in settings.items():
        monkeypatch.setenv(f"JANUS_{name.upper()}", value)
    monkeypatch.chdir(project)
    (project / "pump.txt").write_text("The old pump failed twice in the storms of 1987.", encoding="utf-8")
    with open_lab(project / ".janus") as opened:
        yield opened


@pytest.fixture
def host(tmp_path, settings, lab):
    with Host(tmp_path / "host", settings) as worker:
        yield worker.start()


@pytest.fixture
def janus(lab, capsys):
    def run(*words):
        capsys.readouterr()
        status = main(list(words))
        return status, capsys.readouterr().out

    return run


@contextmanager
def broker_of(settings):
    adapter = BROKERS["rabbitmq" if "broker_url" in settings else "redis"]
    with adapter.open_broker(settings.get("broker_url") or settings["redis_url"]) as broker:
        yield broker, adapter.queue_name(Priority.INTERACTIVE)


def put_garbage(settings, broker, queue):
    """Bytes that are no message, as another program might leave them there."""
    if "broker_url" in settings:
        broker.publish(queue, b"\x80 no message")
    else:
        due = f"{broker.namespace}:{queue}"
        broker.client.hset(f"{due}.msgs", "garbage", b"\x80 no message")
        broker.client.rpush(due, "garbage")


def test_poison_is_parked_and_shown_while_the_worker_works_on(lab, host, settings, janus):
    unknown, later = "f" * 32, new_run_id()
    pid = host.pid
    with broker_of(settings) as (broker, queue):
        put_garbage(settings, broker, queue)
        broker.enqueue(Message(queue_name=queue, actor_name="nobody", args=(unknown,), kwargs={}, options={}))
        broker.enqueue(run_message(unknown, Priority.INTERACTIVE, queue))
        broker.enqueue(run_message(later, Priority.INTERACTIVE, queue))
    assert lab.ingest("pump.txt").added == 1
    until(lambda: len(lab.queues.dead()) == 4)
    assert lab.search("pump").hits
    assert host.alive()
    assert host.pid == pid

    letters = lab.queues.dead()
    assert sorted(letter.run_id for letter in letters) == sorted(["", unknown, unknown, later])
    assert any("NotFound" in letter.reason for letter in letters)
    status, shown = janus("queue", "dead")
    assert status == 0
    assert later[:8] in shown
    assert "4" in janus("queue")[1]

    lab._ledger.create(Run(later, RunKind.EMBED, RunState.QUEUED, Priority.INTERACTIVE, {"texts": ["a"]}, time.time()))
    assert janus("queue", "redrive", later)[0] == 0
    until(lambda: lab._ledger.get(later).state is RunState.DONE)
    # What is still poison comes back, and does no more harm than before.
    assert lab.queues.redrive(None) == 3
    until(lambda: len(lab.queues.dead()) == 3)
    assert janus("queue", "discard", "--all")[0] == 0
    assert lab.queues.dead() == []
    assert host.alive()


# A dead worker's message comes back at once from RabbitMQ; on Redis a sweep finds the run, at most once a minute.
@pytest.mark.parametrize("settings", ["rabbitmq"], indirect=True)
def test_a_run_that_kills_its_workers_is_given_up_shown_and_retried(lab, settings, tmp_path, janus, monkeypatch):
    trigger = tmp_path / "trigger"
    trigger.touch()
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv("DEADLY_TRIGGER", str(trigger))
    with Host(tmp_path / "host", settings, opener="deadly_worker:open_deadly") as host:
        assert host.start() is host
        assert lab.ingest("pump.txt").added == 1
        poison = lab.start_ask("What is the poison?")
        for _ in range(3):
            until(lambda: not host.alive())
            # The next attempt may kill it before it has said that it is ready.
            host.start(wait=False)
        host.wait_until_ready()
        assert lab.search("pump").hits, "others go on"
        until(lambda: lab.run(poison.id).state.final)
        run = lab.run(poison.id)
        assert (run.state, run.error.code) == (RunState.FAILED, "run-failed")
        assert "died 3 times" in run.error.message
        assert f"janus runs retry {poison.id[:12]}" in run.error.remedy
        assert poison.id[:8] in janus("runs", "--state", "failed")[1]
        assert janus("runs", "show", poison.id)[0] == 1
        assert host.alive()
        trigger.unlink()
        assert janus("runs", "retry", poison.id)[0] == 0
        assert lab.run(poison.id).state is RunState.DONE
