"""What the vectors on a Qdrant server say of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from janus_lab.adapters.vector.server.address import parsed
from janus_lab.adapters.vector.server.catalog import Catalog
from janus_lab.adapters.vector.server.client import connected
from janus_lab.adapters.vector.words import Words
from janus_lab.ports.index_notes import IndexNotes


@contextmanager
def open_index_notes(url: str) -> Iterator[IndexNotes]:
    """The notes on the server at `url`, which is asked nothing before they are. Raises SettingsError."""
    with connected(parsed(url)) as server:
        yield Catalog(server, Words())
