"""Events in Redis Streams: one a run, bounded and expiring."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from janus_lab.adapters.redis import keys, scripts
from janus_lab.adapters.redis.client import REPLY_SECONDS, open_client, translated
from janus_lab.ports.events import EventLog
from janus_lab.values.event import Event, EventKind

if TYPE_CHECKING:
    from redis import Redis

_Entry: TypeAlias = tuple[str, dict[str, str]]
_Reply: TypeAlias = list[tuple[str, list[_Entry]]]
"""The driver's types allow for every protocol and encoding; these are the ones that `open_client` chooses."""
_LONGEST_BLOCK_SECONDS = REPLY_SECONDS / 3


@contextmanager
def open_events(redis_url: str, *, expiry_seconds: int = 24 * 3600, max_length: int = 20_000) -> Iterator[EventLog]:
    """Streams on the server at `redis_url` that live `expiry_seconds` and keep about `max_length` events. Raises StoreUnreachable."""
    with open_client(redis_url) as client:
        yield RedisEvents(client, redis_url, expiry_seconds=expiry_seconds, max_length=max_length)


class RedisEvents:
    """One Redis Stream a run; an event's sequence is its entry's id."""

    def __init__(self, client: Redis, redis_url: str, *, expiry_seconds: int, max_length: int) -> None:
        self._client = client
        self._url = redis_url
        self._bounds = (max_length, expiry_seconds)
        self._append = scripts.register(client, "append_event")

    def append(self, event: Event) -> str:
        """Add an event to its run's stream; returns its sequence."""
        data = json.dumps(dict(event.data), ensure_ascii=False, separators=(",", ":"))
        args = [event.kind.value, repr(event.at), data, os.urandom(8).hex(), *self._bounds]
        with translated(self._url):
            return str(self._append(keys=[keys.events(event.run_id)], args=args))

    def read(self, run_id: str, *, after: str = "", wait_seconds: float = 0.0, limit: int = 1000) -> list[Event]:
        """Events after `after` ("" = from the beginning), waiting up to `wait_seconds` for the first one."""
        key = keys.events(run_id)
        deadline = time.monotonic() + wait_seconds
        while True:
            left = min(deadline - time.monotonic(), _LONGEST_BLOCK_SECONDS)
            block = round(left * 1000)
            with translated(self._url):
                reply = cast(
                    _Reply, self._client.xread({key: after or "0"}, count=limit, block=block if block > 0 else None)
                )
            if reply:
                return [_event(run_id, sequence, fields) for sequence, fields in reply[0][1]]
            if block <= 0:
                return []

    def last(self, run_id: str) -> Event | None:
        """The newest event of a run, if its stream is still there."""
        with translated(self._url):
            newest = cast(list[_Entry], self._client.xrevrange(keys.events(run_id), count=1))
        return _event(run_id, *newest[0]) if newest else None


def _event(run_id: str, sequence: str, fields: Mapping[str, str]) -> Event:
    data: dict[str, Any] = json.loads(fields["data"])
    return Event(run_id, EventKind(fields["kind"]), data, float(fields["at"]), sequence)
