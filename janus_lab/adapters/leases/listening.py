"""Hears on a channel which waiting requests were granted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from janus_lab.adapters.redis.client import translated

if TYPE_CHECKING:
    from redis import Redis

_GLANCE_SECONDS = 0.5
"""So long the end of listening may take to be noticed."""
_AGAIN_SECONDS = 0.5


@contextmanager
def listening(client: Redis, redis_url: str, channel: str, granted: Callable[[str], None]) -> Iterator[None]:
    """Tell `granted` every id on `channel`, from a thread of its own, through whatever happens to the connection.

    Raises StoreUnreachable or AccessDenied if there is none to begin with.
    """
    ended = threading.Event()
    with translated(redis_url):
        told: Any = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]  # a gap of the driver
        told.subscribe(channel)
    thread = threading.Thread(target=_hear, args=(told, granted, ended), name="janus-granted", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        told.close()


def _hear(told: Any, granted: Callable[[str], None], ended: threading.Event) -> None:
    from redis.exceptions import RedisError

    while not ended.is_set():
        try:
            message = told.get_message(timeout=_GLANCE_SECONDS)
        except (RedisError, OSError):
            # The server is away: those who wait ask again by themselves; the driver subscribes anew once it is back.
            ended.wait(_AGAIN_SECONDS)
            continue
        if message is not None:
            for lease_id in message["data"].split(" "):
                granted(lease_id)
