"""What settings say about ingests, and what brings a client's files to where workers read them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from janus_lab.ingest.chunker import ChunkSize
from janus_lab.ingest.options import IngestOptions
from janus_lab.ingest.source_file import Limits
from janus_lab.schemes import factory
from janus_lab.settings import Settings, project_root

if TYPE_CHECKING:
    from janus_lab.ingest.bringing import Bringer

_IN_PLACE = "file:"
"""Objects in a folder: workers see the same files as the client."""


def ingest_options(settings: Settings) -> IngestOptions:
    """What the settings say about ingests."""
    return IngestOptions(
        home=settings.home,
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
                    ingest_options(settings),
                )
            )
        return opened[0]

    return open_once
