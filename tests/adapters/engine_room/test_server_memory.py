"""The embedded server holds as much as it is told to, then refuses and forgets nothing."""

from __future__ import annotations

import pytest

from janus_lab.adapters.redis.client import translated
from janus_lab.errors import DiskFull
from janus_lab.settings import load_settings


def fill(client, url):
    with translated(url):
        for number in range(100):
            client.set(f"filling:{number}", "x" * 100_000)


def test_the_setting_reaches_the_server_which_refuses_and_forgets_nothing(tmp_path, monkeypatch):
    from redis import Redis

    from janus_lab import open_lab

    home = tmp_path / ".janus"
    monkeypatch.setenv("JANUS_REDIS_MEMORY_MB", "3")
    assert load_settings(home).redis_memory_mb == 3
    with open_lab(home) as lab:
        lab.up()
        url = lab._room._redis_url
        with Redis.from_url(url, decode_responses=True) as client:
            limits = client.config_get("maxmemory*")
            assert (limits["maxmemory"], limits["maxmemory-policy"]) == ("3145728", "noeviction")
            client.set("kept", "x" * 1000)
            with pytest.raises(DiskFull) as caught:
                fill(client, url)
            assert "redis_memory_mb" in caught.value.remedy
            assert client.get("kept") == "x" * 1000
            client.flushall()
        lab.down()
