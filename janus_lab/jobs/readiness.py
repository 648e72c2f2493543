"""Tells the server that this worker is ready, and keeps telling it."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from janus_lab.adapters.claims import keys
from janus_lab.settings import Settings

if TYPE_CHECKING:
    from redis import Redis

HEARTBEAT_SECONDS = 20.0
EXPIRY_SECONDS = 60


@contextmanager
def ready(client: Redis, settings: Settings) -> Iterator[None]:
    """Show inside that this worker is ready: pid, start in seconds since the epoch, models."""
    models = [settings.embedding_model, settings.generation_model]
    facts = json.dumps({"pid": os.getpid(), "started_at": time.time(), "models": models})
    over = threading.Event()

    def beat() -> None:
        while True:
            # A server that is being started again is told at the next beat.
            with suppress(RedisError):
                client.set(keys.WORKER, facts, ex=EXPIRY_SECONDS)
            if over.wait(HEARTBEAT_SECONDS):
                return

    thread = threading.Thread(target=beat, name="readiness", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        with suppress(RedisError):
            client.delete(keys.WORKER)
