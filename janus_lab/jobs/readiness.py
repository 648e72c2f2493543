"""Tells the server that this worker is ready and what it does, and keeps telling it."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from janus_lab.adapters.redis import keys
from janus_lab.settings import Settings

if TYPE_CHECKING:
    from redis import Redis

HEARTBEAT_SECONDS = 20.0
EXPIRY_SECONDS = 60
LOOK_SECONDS = 1.0
"""How late it may be told that a worker began or ended a run."""


@contextmanager
def ready(client: Redis, settings: Settings, runs: Callable[[], Sequence[str]] = tuple) -> Iterator[None]:
    """Show inside that this worker is ready: host, pid, start in seconds since the epoch, models, and the `runs` it is at."""
    name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
    facts = {
        "name": name,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started_at": time.time(),
        "models": [model for model in (settings.embedding_model, settings.generation_model) if model],
    }
    over = threading.Event()

    def tell(current: Sequence[str]) -> None:
        # A server that is being started again is told at the next beat.
        with suppress(RedisError), client.pipeline(transaction=False) as telling:
            text = json.dumps({**facts, "runs": list(current)})
            telling.set(keys.WORKER, text, ex=EXPIRY_SECONDS)
            telling.set(keys.worker(name), text, ex=EXPIRY_SECONDS)
            telling.zadd(keys.WORKERS, {name: time.time()})
            telling.execute()

    def beat() -> None:
        told: Sequence[str] | None = None
        told_at = 0.0
        while True:
            current = sorted(runs())
            if current != told or time.monotonic() - told_at > HEARTBEAT_SECONDS:
                tell(current)
                told, told_at = current, time.monotonic()
            if over.wait(LOOK_SECONDS):
                return

    thread = threading.Thread(target=beat, name="readiness", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        with suppress(RedisError):
            client.delete(keys.WORKER, keys.worker(name))
            client.zrem(keys.WORKERS, name)
