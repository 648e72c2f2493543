"""What an index says of itself to those who don't own it."""

from __future__ import annotations

from typing import Protocol

from janus_lab.values.index_generation import IndexGeneration


class IndexNotes(Protocol):
    """Reads notes beside whoever owns the index; changes nothing, and waits for nobody."""

    def serving(self) -> list[IndexGeneration]:
        """The generation that serves each collection, by collection."""
        ...
