"""The servers that scripts are tried on are what they are called: old, new, and a node that takes no key of another slot."""

from __future__ import annotations

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from janus_lab.adapters.redis import keys
from janus_lab.adapters.redis.client import OLDEST, check_version, open_client, server_version


@pytest.mark.parametrize(("url", "name", "first"), [("redis62_url", "redis", "6.2."), ("redis_url", "valkey", "9.")])
def test_versions_at_both_ends_are_there(url, name, first, request):
    with open_client(request.getfixturevalue(url)) as client:
        called, version = server_version(client)
    assert called == name
    assert version.startswith(first)


def test_the_oldest_redis_is_the_oldest_that_we_take(redis62_url):
    with open_client(redis62_url) as client:
        _, version = server_version(client)
    assert tuple(map(int, version.split(".")[:2])) == OLDEST["redis"]


def test_every_version_is_taken_and_empty(each_redis_url):
    with open_client(each_redis_url) as client:
        check_version(client, each_redis_url)
        assert client.dbsize() == 0
        client.set(keys.FENCE, 1)


@pytest.mark.parametrize(
    ("script", "named"),
    [
        ("return redis.call('GET', KEYS[1])", ["another"]),
        ("return {redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])}", [keys.FENCE, "another"]),
        ("return {redis.call('GET', KEYS[1]), redis.call('GET', 'made up')}", [keys.FENCE]),
    ],
)
def test_a_cluster_refuses_keys_of_another_slot_however_a_script_gets_them(redis_cluster_url, script, named):
    with Redis.from_url(redis_cluster_url) as client, pytest.raises(ResponseError):
        client.eval(script, len(named), *named)
