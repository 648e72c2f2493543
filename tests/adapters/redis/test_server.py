"""A Redis that is a server: what it refuses, what the doctor is told, and that it may lose everything."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
from redis import Redis

from janus_lab.adapters.claims.redis import open_claims
from janus_lab.adapters.redis import checks
from janus_lab.adapters.redis.client import REPLY_SECONDS
from janus_lab.errors import AccessDenied, EngineTooOld, StoreUnreachable
from janus_lab.values.health import Verdict


def test_a_wrong_password_or_none_is_refused_and_not_told(server_redis_url):
    password = urlsplit(server_redis_url).password
    for url in (server_redis_url.replace(password, "wr0ng-secret"), server_redis_url.replace(f":{password}@", "")):
        with pytest.raises(AccessDenied) as caught, open_claims(url):
            pass
        assert "wr0ng-secret" not in str(caught.value) + caught.value.remedy


def test_a_wrong_password_is_tried_once(server_redis_url):
    wrong = server_redis_url.replace(urlsplit(server_redis_url).password, "wr0ng-secret")
    with Redis.from_url(server_redis_url, decode_responses=True) as admin:
        admin.acl_log_reset()
        with pytest.raises(AccessDenied), open_claims(wrong):
            pass
        assert [int(refused["count"]) for refused in admin.acl_log()] == [1]


def test_a_user_without_the_commands_is_refused(server_redis_url):
    with Redis.from_url(server_redis_url) as admin:
        admin.acl_setuser("weak", enabled=True, passwords=["+pw"], keys=["*"], commands=["+ping", "+get"])
        try:
            url = server_redis_url.replace(f":{urlsplit(server_redis_url).password}@", "weak:pw@")
            with open_claims(url) as claims, pytest.raises(AccessDenied):
                claims.request_cancel("run")
            (check,) = checks.checks(url)
            assert check.verdict is Verdict.OK
        finally:
            admin.acl_deluser("weak")


def test_an_old_server_is_refused(server_redis_url, monkeypatch):
    monkeypatch.setattr("janus_lab.adapters.redis.client.OLDEST", {"redis": (99, 0)})
    with pytest.raises(EngineTooOld), open_claims(server_redis_url):
        pass


def test_the_doctor_is_told_about_eviction_persistence_and_clock(server_redis_url):
    found = {check.name: check for check in checks.checks(server_redis_url)}
    assert {name for name, check in found.items() if check.verdict is not Verdict.OK} == set()
    assert set(found) == {"redis", "redis memory", "redis persistence", "redis clock"}
    with Redis.from_url(server_redis_url) as admin:
        admin.config_set("maxmemory-policy", "allkeys-lru")
        try:
            found = {check.name: check for check in checks.checks(server_redis_url)}
        finally:
            admin.config_set("maxmemory-policy", "noeviction")
    assert found["redis memory"].verdict is Verdict.WARNING
    (check,) = checks.checks("redis://:s3cret@127.0.0.1:1/0")
    assert check.verdict is Verdict.FAILED
    assert "s3cret" not in check.detail + check.remedy


def test_a_server_that_lost_everything_gives_larger_fencing_numbers_still(server_redis_url):
    with open_claims(server_redis_url) as claims, Redis.from_url(server_redis_url) as admin:
        first = claims.take("run", "ada", 60.0)
        admin.flushall()
        admin.script_flush()
        time.sleep(0.002)
        second = claims.take("run", "bob", 60.0)
        assert second > first
        assert not claims.renew("run", "ada", first, 60.0)


def wait_for_replies(claims, seconds: float) -> None:
    """For so long at most, from the next command on."""
    pool = claims._client.connection_pool
    pool.connection_kwargs["socket_timeout"] = seconds
    for connection in pool._available_connections:
        connection.socket_timeout = seconds
        if connection._sock is not None:
            # Both: what it reads by restores the time that it was made with.
            connection._parser._socket_timeout = seconds
            connection._sock.settimeout(seconds)


@pytest.mark.fault
def test_a_silent_server_is_given_up_and_used_again(server_redis_url, proxied):
    proxy = proxied(server_redis_url)
    with open_claims(proxy.url) as claims:
        claims.request_cancel("run")
        assert claims._client.connection_pool.connection_kwargs["socket_timeout"] == REPLY_SECONDS
        proxy.hang()
        wait_for_replies(claims, 0.5)
        begun = time.monotonic()
        with pytest.raises(StoreUnreachable):
            claims.request_cancel("run")
        assert time.monotonic() < begun + REPLY_SECONDS
        proxy.heal()
        wait_for_replies(claims, REPLY_SECONDS)
        claims.request_cancel("run")
