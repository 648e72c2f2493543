"""What every look into a server keeps to: it finds and reads keys within bounds and changes nothing unless told."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from redis import Redis

from janus_lab.adapters.keyspace.redis import open_keyspace
from janus_lab.adapters.redis.client import open_client
from janus_lab.ports.keyspace import Keyspace


@pytest.fixture
def client(each_redis_url: str) -> Iterator[Redis]:
    with open_client(each_redis_url, decode_responses=False) as opened:
        yield opened


@pytest.fixture
def keyspace(each_redis_url: str) -> Iterator[Keyspace]:
    with open_keyspace(each_redis_url) as opened:
        yield opened


def find(keyspace: Keyspace, pattern: str, limit: int = 100):
    return keyspace.find(pattern, limit=limit, seconds=60)


def test_an_empty_server_has_no_keys(keyspace):
    page = find(keyspace, "*")
    assert page.keys == ()
    assert page.complete
    assert keyspace.read("{janus}:nothing", limit=10) is None


def test_keys_are_told_with_type_length_life_and_memory(keyspace, client):
    client.set("{janus}:text", "four", px=600_000)
    client.hset("{janus}:pairs", mapping={"a": 1, "b": 2})
    client.rpush("{janus}:row", 1, 2, 3)
    client.sadd("{janus}:heap", "x")
    client.zadd("{janus}:order", {"a": 1.5})
    client.xadd("{janus}:stream", {"a": 1})
    client.set("{janus}", "another's")
    page = find(keyspace, "{janus}:*")
    assert [(key.name, key.type, key.length) for key in page.keys] == [
        ("{janus}:heap", "set", 1),
        ("{janus}:order", "zset", 1),
        ("{janus}:pairs", "hash", 2),
        ("{janus}:row", "list", 3),
        ("{janus}:stream", "stream", 1),
        ("{janus}:text", "string", 4),
    ]
    lives = {key.name: key.ttl_seconds for key in page.keys}
    assert 500 < lives.pop("{janus}:text") <= 600
    assert set(lives.values()) == {None}
    assert all(key.memory_bytes > 0 for key in page.keys)


def test_more_keys_than_asked_for_are_not_told_as_all(keyspace, client):
    client.mset({f"{{janus}}:k{n:04}": n for n in range(2500)})
    page = find(keyspace, "{janus}:k*", limit=20)
    assert len(page.keys) == 20
    assert not page.complete
    assert "narrow" in page.note
    assert len(find(keyspace, "{janus}:k*", limit=2500).keys) == 2500


def test_looking_ends_in_time(keyspace, client):
    client.mset({f"other{{janus}}:{n}": n for n in range(20_000)})
    page = keyspace.find("{janus}:*", limit=10, seconds=0)
    assert not page.complete
    assert page.keys == ()


def test_looking_changes_nothing(keyspace, client):
    client.set("{janus}:text", "x")
    client.xadd("{janus}:stream", {"a": 1})
    before = client.info("persistence")["rdb_changes_since_last_save"]
    for key in find(keyspace, "*").keys:
        keyspace.read(key.name, limit=10)
    assert client.info("persistence")["rdb_changes_since_last_save"] == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"plain", "plain"),
        (b"\xff\x00", "\\xff\\x00"),
        (b"a\\xff", "a\\\\xff"),
        ("ü\u202e".encode(), "ü\\xe2\\x80\\xae"),
        (b"\x1b[2J", "\\x1b[2J"),
    ],
)
def test_a_name_of_any_bytes_is_text_that_leads_back_to_it(keyspace, client, name, text):
    name, text = b"{janus}" + name, "{janus}" + text
    client.set(name, "found")
    assert [key.name for key in find(keyspace, "*").keys] == [text]
    assert keyspace.read(text, limit=1).raw == (("", "found"),)
    assert keyspace.delete(text)
    assert not client.exists(name)
    assert not keyspace.delete(text)


def test_members_are_read_up_to_a_limit(keyspace, client):
    client.rpush("{janus}:row", *range(5000))
    client.hset("{janus}:pairs", mapping={f"f{n}": n for n in range(5000)})
    client.sadd("{janus}:heap", *range(5000))
    client.zadd("{janus}:order", {str(n): n for n in range(5000)})
    for number in range(30):
        client.xadd("{janus}:stream", {"n": number})
    for name in ("row", "pairs", "heap", "order", "stream"):
        content = keyspace.read(f"{{janus}}:{name}", limit=10)
        assert content.shown == len(content.raw) == 10
    assert keyspace.read("{janus}:stream", limit=3).raw[0][1] == "n=29"


def test_what_is_huge_is_not_carried_over(keyspace, client):
    client.set("{janus}:text", b"x" * 3_000_000)
    client.rpush("{janus}:row", b"x" * 3_000_000)
    content = keyspace.read("{janus}:text", limit=10)
    assert content.key.length == 3_000_000
    assert len(content.raw[0][1]) < 100_000
    assert keyspace.read("{janus}:row", limit=10).raw == ()


def test_an_ended_key_is_not_there(keyspace, client):
    client.set("{janus}:brief", "x", px=30)
    time.sleep(0.05)
    assert find(keyspace, "*").keys == ()
    assert keyspace.read("{janus}:brief", limit=1) is None
