"""`open_worker`: what the worker process carries out runs with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from janus_lab.compose.rooms import open_link
from janus_lab.compose.services import Worker, build_worker
from janus_lab.compose.stores import open_shared
from janus_lab.settings import Settings


@contextmanager
def open_worker(settings: Settings) -> Iterator[Worker]:
    """Open every store and service of a worker whose server is at `settings.redis_url`; closed in reverse at the end."""
    with ExitStack() as resources:
        shared = open_shared(settings, resources)
        link = open_link(settings, settings.url("redis_url"), resources)
        yield build_worker(
            settings,
            shared,
            events=link.events,
            claims=link.claims,
            queue=lambda: link.queue,
            resources=resources,
        )
