"""Generations of a collection's index: a new one is filled while the old one serves, and takes over at once."""

from __future__ import annotations

from typing import Protocol

from janus_lab.ports.vectors import VectorStore
from janus_lab.values.index_generation import IndexGeneration, IndexModel


class IndexGenerations(Protocol):
    """Versions of an index. A crash at any point leaves the generation that served before, or the new one, whole.

    Searches and writes under a collection's name meet the generation that serves. What is written there after `prepare` is
    not in the new one unless it is written there too.
    """

    def serving(self, collection: str) -> IndexGeneration | None:
        """The generation that serves, None of an unknown collection. Cheap enough for every search.

        A switch by another process may go unseen for two seconds.
        """
        ...

    def prepare(
        self, collection: str, dimensions: int, model: IndexModel | None = None, made_by: str = ""
    ) -> IndexGeneration:
        """Make a new, empty generation beside the one that serves; fill it through the vector store under its `name`.

        The collection must be there (NotFound). Dimensions may differ from those of the generation that serves.
        """
        ...

    def switch(self, collection: str, number: int) -> None:
        """Let this generation serve from now on; harmless if it does already. Raises NotFound if it is not there."""
        ...

    def drop(self, collection: str, number: int) -> None:
        """Remove a generation; harmless if it is not there. Raises UsageError for the one that serves."""
        ...

    def generations(self, collection: str) -> list[IndexGeneration]:
        """The generations there are, oldest first; of an unknown collection, none."""
        ...


class VectorIndex(VectorStore, IndexGenerations, Protocol):
    """A vector store that keeps generations, as all of ours do."""
