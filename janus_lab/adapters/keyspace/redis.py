"""The keys of a Redis-compatible server: found with SCAN, which lets the server serve others meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from janus_lab.adapters.keyspace.contents import Contents, read_contents
from janus_lab.adapters.keyspace.families import family_of
from janus_lab.adapters.keyspace.names import original, readable
from janus_lab.adapters.redis.client import open_client, translated
from janus_lab.ports.keyspace import Keyspace
from janus_lab.values.stored_key import KeyContent, KeyPage, StoredKey

if TYPE_CHECKING:
    from redis import Redis
    from redis.client import Pipeline

_AT_ONCE = 1000
"""How many keys the server looks at in one step; well under a millisecond."""
_LENGTHS = {"string": "strlen", "hash": "hlen", "list": "llen", "set": "scard", "zset": "zcard", "stream": "xlen"}


@contextmanager
def open_keyspace(redis_url: str) -> Iterator[Keyspace]:
    """The keys on the server at `redis_url`. Raises StoreUnreachable or AccessDenied."""
    with open_client(redis_url, decode_responses=False) as client:
        yield RedisKeyspace(client, redis_url)


class RedisKeyspace:
    """Looks with SCAN, TYPE, PTTL and MEMORY USAGE, and with the bounded reading command of each type."""

    def __init__(self, client: Redis, redis_url: str) -> None:
        self._client = client
        self._url = redis_url

    def find(self, pattern: str, *, limit: int, seconds: float) -> KeyPage:
        """Keys that the pattern meets, by name; whatever ends while they are looked at is left out."""
        began = time.monotonic()
        with translated(self._url):
            names, complete = self._names(original(pattern), limit, seconds)
            keys = tuple(key for key in self._described(sorted(names)) if key is not None)
        note = "" if complete else "there are more keys than were looked at: narrow the pattern"
        return KeyPage(pattern, time.time(), keys, complete, note, time.monotonic() - began)

    def read(self, name: str, *, limit: int) -> KeyContent | None:
        """One key, what it means, and what the server holds."""
        data = original(name)
        with translated(self._url):
            key = self._described([data])[0]
            if key is None:
                return None
            average = (key.memory_bytes or 0) / max(1, key.length or 1)
            contents = self._contents(data, key, limit, average)
            seconds, micros = self._client.time()
        if contents is None:
            return None
        return _content(key, contents, seconds + micros / 1e6)

    def delete(self, name: str) -> bool:
        """Delete one key."""
        with translated(self._url):
            return bool(self._client.delete(original(name)))

    def _names(self, pattern: bytes, limit: int, seconds: float) -> tuple[set[bytes], bool]:
        deadline = time.monotonic() + seconds
        names: set[bytes] = set()
        cursor = 0
        while True:
            cursor, found = cast(tuple[int, list[bytes]], self._client.scan(cursor, match=pattern, count=_AT_ONCE))
            names.update(found)
            if len(names) > limit:
                return set(sorted(names)[:limit]), False
            if cursor == 0:
                return names, True
            if time.monotonic() > deadline:
                return names, False

    def _described(self, names: Sequence[bytes]) -> list[StoredKey | None]:
        """The keys in the same order; None for one that is not there."""
        with self._client.pipeline(transaction=False) as asking:
            for name in names:
                asking.type(name)
            types = [kind.decode() for kind in asking.execute()]
            for name, kind in zip(names, types, strict=True):
                asking.pttl(name)
                asking.memory_usage(name)
                _ask_length(asking, name, kind)
            # A key that was made anew as another type meanwhile answers its length with an error: it is left out once.
            answers = asking.execute(raise_on_error=False)
        found = []
        for number, (name, kind) in enumerate(zip(names, types, strict=True)):
            ttl, memory, length = answers[3 * number : 3 * number + 3]
            gone = kind == "none" or ttl == -2 or isinstance(length, Exception)  # noqa: PLR2004 - the server's word for it
            found.append(None if gone else _stored(name, kind, ttl, memory, length))
        return found

    def _contents(self, name: bytes, key: StoredKey, limit: int, average_bytes: float) -> Contents | None:
        from redis.exceptions import ResponseError

        try:
            return read_contents(self._client, name, key.type, limit=limit, average_bytes=average_bytes)
        except ResponseError:
            if cast(bytes, self._client.type(name)).decode() == key.type:
                raise
            return None  # it became another key while it was read


def _ask_length(asking: Pipeline, name: bytes, kind: str) -> None:
    if kind in _LENGTHS:
        getattr(asking, _LENGTHS[kind])(name)
    else:
        asking.exists(name)


def _stored(name: bytes, kind: str, ttl: int, memory: Any, length: int) -> StoredKey:
    family = family_of(name)
    return StoredKey(
        name=readable(name),
        type=kind,
        family=family.name if family else "",
        ttl_seconds=None if ttl < 0 else ttl / 1000,
        memory_bytes=memory if isinstance(memory, int) else None,
        length=length if kind in _LENGTHS else None,
    )


def _content(key: StoredKey, contents: Contents, at: float) -> KeyContent:
    raw = tuple(
        (readable(identity), "  ".join(f"{readable(n)}={readable(v)}" for n, v in fields.items()))
        for identity, fields in contents.entries
    ) or tuple((readable(member), readable(value)) for member, value in contents.pairs)
    family = family_of(original(key.name))
    if family is None:
        return KeyContent(key, at, raw=raw, shown=len(raw))
    facts, members = family.decoded(original(key.name), contents)
    return KeyContent(key, at, family.about, family.loss, facts, members, raw, len(raw))
