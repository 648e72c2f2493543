"""Driver errors become ours, say what to do, and tell no secrets."""

from __future__ import annotations

import pytest
from redis import Redis

from janus_lab.adapters.claims.redis import open_claims
from janus_lab.adapters.redis.client import open_client, translated
from janus_lab.errors import DiskFull, SettingsError, StoreFailed, StoreUnreachable


@pytest.fixture
def pauses(monkeypatch):
    """How long the driver waited before each further attempt; here it does not."""
    waited = []
    monkeypatch.setattr("redis.retry.sleep", waited.append)
    return waited


def test_a_server_that_is_not_there_is_unreachable_soon(tmp_path, pauses):
    with pytest.raises(StoreUnreachable) as caught, open_claims(f"unix://{tmp_path}/none.sock"):
        pass
    assert 1.0 < sum(pauses) < 3.0
    assert caught.value.__cause__ is not None


def test_an_attempt_without_retries_fails_at_once(tmp_path, pauses):
    with pytest.raises(StoreUnreachable), open_client(f"unix://{tmp_path}/none.sock", retries=0):
        pass
    assert pauses == []


def test_messages_hold_no_password():
    with pytest.raises(StoreUnreachable) as caught, open_client("redis://ada:s3cret@127.0.0.1:1/0", retries=0):
        pass
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in caught.value.remedy


def test_a_refused_command_is_a_failure_of_the_store(redis_url):
    with open_client(redis_url) as client:
        client.set("text", "x")
        with pytest.raises(StoreFailed), translated(redis_url):
            client.lpush("text", "y")


def test_a_url_with_a_bad_option_is_a_wrong_setting():
    with pytest.raises(SettingsError), open_client("unix:///tmp/x.sock?db=abc"):
        pass


def test_a_full_memory_is_told_as_such(redis_url):
    with open_claims(redis_url) as claims, Redis.from_url(redis_url) as admin:
        admin.config_set("maxmemory", 1)
        try:
            with pytest.raises(DiskFull):
                claims.request_cancel("run")
        finally:
            admin.config_set("maxmemory", 0)
