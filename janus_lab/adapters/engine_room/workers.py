"""The workers that serve a server, wherever they run: each says so itself, and is forgotten when it stops saying so."""

from __future__ import annotations

import json
from typing import Any, cast

from janus_lab.adapters.redis import keys
from janus_lab.adapters.redis.client import open_client, server_version, translated
from janus_lab.values.health import WorkerState


def ready_workers(redis_url: str) -> tuple[str, tuple[WorkerState, ...]]:
    """The server's name and version, and the workers that are ready, oldest first. Raises StoreUnreachable, AccessDenied."""
    with open_client(redis_url, retries=1) as client, translated(redis_url):
        names = cast(list[str], client.zrange(keys.WORKERS, 0, -1))
        texts = cast(list[str | None], client.mget([keys.worker(name) for name in names]) if names else [])
        silent = [name for name, text in zip(names, texts, strict=True) if text is None]
        if silent:
            client.zrem(keys.WORKERS, *silent)
        workers = [_worker(json.loads(text)) for text in texts if text is not None]
        return " ".join(server_version(client)), tuple(sorted(workers, key=lambda worker: worker.started_at))


def _worker(facts: dict[str, Any]) -> WorkerState:
    return WorkerState(
        name=facts["name"],
        host=facts["host"],
        pid=facts["pid"],
        started_at=facts["started_at"],
        models=tuple(facts["models"]),
        runs=tuple(facts["runs"]),
    )
