"""What settings say about ingests, and what brings a client's files to where workers read them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from janus_lab.ingest.chunker import ChunkSize
from janus_lab.ingest.fetch import fetch
from janus_lab.ingest.options import IngestOptions
from janus_lab.ingest.source_file import Limits
from janus_lab.ports.throttle import Throttle
from janus_lab.scheduler.throttle import Turns
from janus_lab.schemes import factory
from janus_lab.settings import Settings, project_root
from janus_lab.values.rate import Rate

if TYPE_CHECKING:
    from janus_lab.ingest.bringing import Bringer

_IN_PLACE = "file:"
"""Objects in a folder: workers see the same files as the client."""
_HERE = "memory://"
"""A client that only plans need not agree with workers, who may not even run."""
_FETCHED_AT_ONCE = 4
"""So many pages are fetched from a host without a pause, before the rate counts."""


def ingest_options(settings: Settings, throttle: Throttle) -> IngestOptions:
    """What the settings say about ingests. Everybody who shares `throttle` fetches from a host at one rate together."""
    turns = Turns(throttle, Rate(settings.fetch_per_second, _FETCHED_AT_ONCE), "fetch")
    return IngestOptions(
        home=settings.home,
        fetch=partial(fetch, turn=turns.wait),
        root=project_root(settings.home),
        size=ChunkSize(settings.chunk_characters, settings.chunk_overlap_characters),
        limits=Limits(file_bytes=settings.file_limit_mb * 1_000_000),
        shared=not settings.one_owner,
    )


def bringer(settings: Settings, resources: ExitStack) -> Callable[[], Bringer] | None:
    """Opens, at the first call, what brings files into an object store that is a server; None where there is none."""
    if settings.objects_url.startswith(_IN_PLACE):
        return None
    opened: list[Bringer] = []

    def open_once() -> Bringer:
        if not opened:
            from janus_lab.ingest.bringing import Bringer

            objects, sources = settings.url("objects_url"), settings.url("relational_url")
            opened.append(
                Bringer(
                    resources.enter_context(factory("objects", objects)(objects)),
                    resources.enter_context(factory("sources", sources)(sources)),
                    ingest_options(settings, resources.enter_context(factory("throttle", _HERE)(_HERE))),
                )
            )
        return opened[0]

    return open_once
