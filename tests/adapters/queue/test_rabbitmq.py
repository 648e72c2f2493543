"""RabbitMQ's errors become ours, say what to do, and tell no secrets; a broker that comes back is used again."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest

from janus_lab.adapters.amqp_client import CONNECT_SECONDS, open_connection, refusal
from janus_lab.adapters.queue import rabbitmq_checks
from janus_lab.adapters.queue.dramatiq_rabbitmq import open_queue
from janus_lab.errors import AccessDenied, DiskFull, EngineTooOld, JanusError, SettingsError, StoreUnreachable
from janus_lab.values.health import Verdict
from janus_lab.values.run import Priority


def refused(url: str) -> JanusError:
    with pytest.raises(JanusError) as caught, open_queue(url):
        pass
    assert caught.value.__cause__ is not None
    return caught.value


def test_a_wrong_password_a_missing_host_and_a_silent_port_are_told_apart(rabbitmq_url):
    parts = urlsplit(rabbitmq_url)
    wrong = refused(rabbitmq_url.replace(parts.password, "wr0ng-secret"))
    assert isinstance(wrong, AccessDenied)
    nowhere = refused(rabbitmq_url.rpartition("/")[0] + "/nowhere")
    assert isinstance(nowhere, AccessDenied)
    assert "virtual host" in nowhere.message
    begun = time.monotonic()
    silent = refused("amqp://ada:s3cret@127.0.0.1:1/x")
    assert time.monotonic() - begun < 60
    assert isinstance(silent, StoreUnreachable)
    for error in (wrong, nowhere, silent):
        for secret in ("wr0ng-secret", parts.password, "s3cret"):
            assert secret not in str(error)
            assert secret not in error.remedy


def test_a_url_that_means_nothing_is_a_wrong_setting():
    with pytest.raises(SettingsError) as caught, open_connection("amqp://ada:s3cret@host/x?wait=1"):
        pass
    assert "s3cret" not in caught.value.message


def test_tls_to_a_port_without_is_unreachable(rabbitmq_url):
    assert isinstance(refused(rabbitmq_url.replace("amqp://", "amqps://")), StoreUnreachable)


def test_an_old_broker_is_refused(rabbitmq_url, monkeypatch):
    monkeypatch.setattr("janus_lab.adapters.amqp_client.OLDEST", (99, 0))
    with pytest.raises(EngineTooOld), open_queue(rabbitmq_url):
        pass


def test_a_broker_with_an_alarm_is_full():
    from pika.exceptions import ConnectionBlockedTimeout

    assert isinstance(refusal(ConnectionBlockedTimeout("blocked"), "amqp://host/x"), DiskFull)


def test_the_same_queue_works_again_after_the_broker_was_killed(rabbitmq_url, rabbitmq_server):
    with open_queue(rabbitmq_url) as queue:
        queue.enqueue("before", Priority.BATCH)
        rabbitmq_server.kill()
        with pytest.raises(StoreUnreachable):
            queue.enqueue("lost", Priority.BATCH)
        rabbitmq_server.start()
        queue.enqueue("after", Priority.BATCH)
    found = {check.name: check for check in rabbitmq_checks.checks(rabbitmq_url)}
    assert {check.verdict for check in found.values()} == {Verdict.OK}
    assert "RabbitMQ" in found["broker"].detail


def wait_to_connect(queue, seconds: float) -> None:
    """For so long at most, from the next connection on."""
    chosen = queue._broker.parameters
    chosen.socket_timeout, chosen.stack_timeout = seconds, 2 * seconds


@pytest.mark.fault
def test_a_silent_broker_is_given_up_and_used_again(rabbitmq_url, proxied, monkeypatch):
    monkeypatch.setattr("janus_lab.adapters.amqp_client.HEARTBEAT_SECONDS", 2)
    proxy = proxied(rabbitmq_url)
    with open_queue(proxy.url) as queue:
        queue.enqueue("before", Priority.BATCH)
        chosen = queue._broker.parameters
        assert (chosen.socket_timeout, chosen.stack_timeout) == (CONNECT_SECONDS, 2 * CONNECT_SECONDS)
        proxy.hang()
        wait_to_connect(queue, 1.0)
        begun = time.monotonic()
        with pytest.raises(StoreUnreachable):
            queue.enqueue("lost", Priority.BATCH)
        assert time.monotonic() < begun + 120
        proxy.heal()
        wait_to_connect(queue, CONNECT_SECONDS)
        queue.enqueue("after", Priority.BATCH)


def test_the_doctor_is_told_what_is_wrong_and_no_password(rabbitmq_url):
    password = urlsplit(rabbitmq_url).password
    (check,) = rabbitmq_checks.checks(rabbitmq_url.replace(password, "wr0ng-secret"))
    assert check.verdict is Verdict.FAILED
    assert "wr0ng-secret" not in check.detail + check.remedy
