"""A broker that goes away is told of once, and once when it is back, however many queues wait for it."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import structlog
from waiting import until

from janus_lab.jobs import logs
from janus_lab.jobs.working import working_among_others
from janus_lab.schemes import factory
from janus_lab.settings import load_settings
from janus_lab.values.run import Priority

pytestmark = pytest.mark.fault


class Idle:
    """Notes what comes, and does nothing."""

    def __init__(self) -> None:
        self.came: list[str] = []

    def carry_out(self, run_id: str) -> None:
        self.came.append(run_id)

    def sweep(self) -> None:
        pass

    def recover(self) -> list[tuple[str, Priority]]:
        return []


@pytest.fixture
def log(tmp_path, monkeypatch) -> Iterator:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    monkeypatch.setattr("dramatiq.worker.CONSUMER_RESTART_DELAY_SECS", 0.5)
    logs.log_to_file(tmp_path / "worker.log", "info")
    yield tmp_path / "worker.log"
    root.handlers[0].close()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in logs._DRIVERS:
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.reset_defaults()


def events(log) -> list[str]:
    return [json.loads(line)["event"] for line in log.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("server", "url", "setting"),
    [("redis_stack_server", "server_redis_url", "redis_url"), ("rabbitmq_server", "rabbitmq_url", "broker_url")],
)
def test_an_outage_is_two_lines(request, tmp_path, log, *, server, url, setting):
    engine = request.getfixturevalue(server)
    address = request.getfixturevalue(url)
    settings = load_settings(tmp_path / "data", **{setting: address})
    stop, carrier = threading.Event(), Idle()

    def lost() -> list[str]:
        return [event for event in events(log) if event.startswith("Consumer encountered a connection error")]

    with working_among_others(settings, carrier, stop), ExitStack() as ending:
        ending.callback(stop.set)
        with factory("queue", address)(address) as queue:
            for priority in Priority:
                queue.enqueue(priority.value, priority)
            until(lambda: set(carrier.came) >= {each.value for each in Priority})
        engine.kill()
        until(lost)
        time.sleep(4)  # meanwhile every thread tries again some times
        lines = lost()
        engine.restart()
        with factory("queue", address)(address) as queue:
            for priority in Priority:
                queue.enqueue(f"again {priority.value}", priority)
        until(lambda: set(carrier.came) >= {f"again {each.value}" for each in Priority}, "every queue to work again")
        # A thread may have failed once more just before: then that, too, is told once, and its end once.
        assert events(log).count("broker-answers") == len(lost()) >= 1
    assert len(lines) == 1, events(log)
    assert not any("Restarting consumer" in event for event in events(log))
