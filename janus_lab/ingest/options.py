"""What settings say about ingests."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from janus_lab.ingest.chunker import ChunkSize
from janus_lab.ingest.fetch import Fetch
from janus_lab.ingest.source_file import Limits


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """What settings say about ingests: `home` is the data directory, `root` the folder that origins are relative to.

    `fetch` brings what is at a URL; it is the only way out. `shared` says that several workers may have a part in one ingest, because its stores are servers.
    """

    home: Path
    fetch: Fetch
    root: Path | None = None
    size: ChunkSize = field(default_factory=ChunkSize)
    limits: Limits = field(default_factory=Limits)
    shared: bool = False
