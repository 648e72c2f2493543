"""A broker that goes away is told of once, and once when it is back, however many queues wait for it."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator

import pytest
import structlog

from janus_lab.jobs import logs
from janus_lab.jobs.working import working_among_others
from janus_lab.settings import load_settings
from janus_lab.values.run import Priority

pytestmark = pytest.mark.fault


class Idle:
    """Has nothing to do."""

    def carry_out(self, run_id: str) -> None:
        pass

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
    settings = load_settings(tmp_path / "data", **{setting: request.getfixturevalue(url)})
    stop = threading.Event()
    with working_among_others(settings, Idle(), stop):
        time.sleep(1)
        engine.kill()
        time.sleep(5)
        lost = [event for event in events(log) if event.startswith("Consumer encountered a connection error")]
        engine.restart()
        deadline = time.monotonic() + 20
        while "broker-answers" not in events(log) and time.monotonic() < deadline:
            time.sleep(0.1)
        stop.set()
    assert len(lost) == 1, events(log)
    assert events(log).count("broker-answers") in {1, 2}, "a thread may have failed once more just before"
    assert not any("Restarting consumer" in event for event in events(log))
