"""The proxy does what it says, so that a test built on it means what it says."""

from __future__ import annotations

import socket
import time

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import TimeoutError as Silent
from redis.retry import Retry


@pytest.fixture
def proxy(proxied, server_redis_url):
    """A proxy in front of a real server."""
    return proxied(server_redis_url)


@pytest.fixture
def client(proxy):
    """A client that tries once."""
    with Redis.from_url(proxy.url, retry=Retry(NoBackoff(), 0), socket_timeout=60.0) as client:
        yield client


def test_it_passes_everything_on(client, proxy):
    text = b"x" * 3_000_000
    client.set("long", text)
    assert client.get("long") == text
    assert proxy.connections == 1


def test_it_is_slow(client, proxy):
    client.ping()
    proxy.delay(0.2)
    begin = time.monotonic()
    client.ping()
    assert time.monotonic() - begin >= 0.4
    proxy.delay(3600.0)
    proxy.heal()
    assert client.ping()


def test_it_cuts_what_is_open_and_lets_others_in(client, proxy):
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=60.0) as open_one:
        open_one.sendall(b"PING\r\n")
        assert open_one.recv(100)
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            open_one.recv(100)
    assert client.ping()
    assert proxy.connections == 2


def test_it_refuses(client, proxy):
    client.ping()
    proxy.refuse()
    for _ in range(2):
        with pytest.raises(Broken):
            client.ping()
    proxy.heal()
    assert client.ping()


def test_it_hangs(client, proxy):
    client.ping()
    proxy.hang()
    with (
        Redis.from_url(proxy.url, retry=Retry(NoBackoff(), 0), socket_timeout=1.0) as impatient,
        pytest.raises(Silent),
    ):
        impatient.ping()
    proxy.heal()
    assert client.ping()
