"""The document store: parsed documents, their versions and chunks, searchable by structure and by words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Box, Document, SourceStamp
from janus_lab.values.filter import Condition
from janus_lab.values.version import Version


class DocumentStore(Protocol):
    """Documents with immutable versions. A version is staged first and seen by nobody; publishing makes it the current one.

    Older versions stay readable by span, so that answers given earlier can still be opened, until the document is removed.
    """

    def stage(self, versions: Sequence[Version]) -> None:
        """Write versions with text, pages, boxes and chunks, not yet visible, in one transaction; many at once are fast.

        A version that was staged before is passed over.
        """
        ...

    def publish(self, documents: Sequence[Document]) -> None:
        """Make the staged versions current, all in one transaction. Publishing them again changes nothing.

        Raises Defect, and publishes none, if one of them was never staged.
        """
        ...

    def get(self, document_id: str) -> Document:
        """The published document of that id (a unique prefix of at least 4 digits will do). Raises NotFound, AmbiguousId."""
        ...

    def find(
        self,
        collection: str | None = None,
        *,
        where: Sequence[Condition] = (),
        words: str = "",
        origin_prefix: str = "",
        limit: int = 1000,
    ) -> list[Document]:
        """Published documents that meet every condition; with `words`, those that have all of them, by rank, else by origin."""
        ...

    def chunks(self, chunk_ids: Sequence[str]) -> list[Chunk]:
        """The chunks of published versions among these ids, in the order asked; ids that are gone are left out."""
        ...

    def chunk_ids(self, document_ids: Collection[str]) -> dict[str, list[str]]:
        """Chunk ids of each document's published version, in order."""
        ...

    def text(self, version_id: str, start: int, end: int) -> str:
        """Characters `start`–`end` of any version's text, clipped to its bounds. Raises NotFound."""
        ...

    def boxes(self, version_id: str, start: int, end: int) -> list[Box]:
        """Boxes that overlap that span, in reading order; empty where the format has none. Raises NotFound."""
        ...

    def remove(self, document_ids: Collection[str]) -> int:
        """Remove documents with every version and chunk; returns how many there were."""
        ...

    def used(self, content_hashes: Collection[str]) -> set[str]:
        """Which of these original bytes a published document stands in."""
        ...

    def iterate(self, collection: str | None = None) -> Iterator[Document]:
        """Every published document, without holding all of them at once."""
        ...


class SourceIndex(Protocol):
    """What each source file looked like when it was last ingested: makes re-ingesting an unchanged folder fast."""

    def stamps(self, collection: str, origins: Collection[str]) -> dict[str, SourceStamp]:
        """The stamps of those origins that were ingested before."""
        ...

    def record(self, collection: str, stamps: Sequence[SourceStamp]) -> None:
        """Remember what these sources looked like, replacing what was known."""
        ...

    def forget(self, collection: str, origins: Collection[str]) -> None:
        """Forget these sources."""
        ...


class Census(Protocol):
    """How much a document store holds."""

    def collections(self) -> list[str]:
        """Names of the collections that hold published documents, sorted."""
        ...

    def totals(self) -> tuple[int, int]:
        """How many documents are published, and how many chunks they have."""
        ...
