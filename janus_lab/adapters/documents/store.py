"""The document store: versions, chunks and conditions in a relational database, words in its full-text index."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, select

from janus_lab.adapters.documents import boxes, publishing, reading, staging
from janus_lab.adapters.documents.search_index import SearchIndex
from janus_lab.adapters.relational.batches import batches
from janus_lab.adapters.relational.database import Database, open_database
from janus_lab.adapters.relational.prefix import by_prefix
from janus_lab.adapters.relational.schema import document, version
from janus_lab.errors import NotFound
from janus_lab.ports.documents import DocumentStore
from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Box, Document
from janus_lab.values.filter import Condition
from janus_lab.values.version import Version

_AT_ONCE = 500
_PUBLISHED = select(document, version.c.id.label("version_id")).join(version, version.c.number == document.c.version)


@contextmanager
def open_documents(url: str) -> Iterator[DocumentStore]:
    """The document store in the database at `url`, for as long as the context lasts."""
    with open_database(url) as database:
        yield RelationalDocuments(database)


def search_index(database: Database) -> SearchIndex:
    """The index of the database's dialect."""
    if isinstance(database.place, Path):
        from janus_lab.adapters.documents.sqlite_index import SqliteIndex

        return SqliteIndex()
    from janus_lab.adapters.documents.postgresql_index import PostgresqlIndex

    return PostgresqlIndex()


class RelationalDocuments:
    """Documents whose current version is one number in a row, so that publishing is a change of that number."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._index = search_index(database)

    def stage(self, versions: Sequence[Version]) -> None:
        """Write versions, not yet visible, in one transaction."""
        self._database.change(lambda connection: staging.stage(connection, versions))

    def publish(self, documents: Sequence[Document]) -> None:
        """Make the staged versions current, in one transaction. Raises Defect if one was never staged."""
        self._database.change(lambda connection: publishing.publish(connection, self._index, documents))

    def get(self, document_id: str) -> Document:
        """The published document of that id or unique prefix. Raises NotFound, AmbiguousId."""
        with self._database.read() as connection:
            return _document(by_prefix(connection, _PUBLISHED, document.c.id, document_id, noun="document"))

    def find(
        self,
        collection: str | None = None,
        *,
        where: Sequence[Condition] = (),
        words: str = "",
        origin_prefix: str = "",
        limit: int = 1000,
    ) -> list[Document]:
        """Published documents that meet every condition, by rank if there are `words`, else by origin."""
        query = _PUBLISHED.limit(limit)
        if collection is not None:
            query = query.where(document.c.collection == collection)
        if origin_prefix:
            query = query.where(self._index.beginning(origin_prefix))
        found = self._index.finding(query, where, words)
        if found is None:
            return []
        with self._database.look() as connection:
            return [_document(row) for row in connection.execute(self._index.by_origin(found))]

    def chunks(self, chunk_ids: Sequence[str]) -> list[Chunk]:
        """The chunks of published versions among these ids, in the order asked."""
        with self._database.read() as connection:
            return reading.published_chunks(connection, chunk_ids)

    def chunk_ids(self, document_ids: Collection[str]) -> dict[str, list[str]]:
        """Chunk ids of each document's published version, in order."""
        with self._database.read() as connection:
            return reading.published_chunk_ids(connection, document_ids)

    def text(self, version_id: str, start: int, end: int) -> str:
        """Characters `start`–`end` of any version's text, clipped to its bounds. Raises NotFound."""
        with self._database.read() as connection:
            row = _version(connection, version_id)
            first, last = max(start, 0), min(end, row.characters)
            return reading.span(connection, row.number, first, last) if first < last else ""

    def boxes(self, version_id: str, start: int, end: int) -> list[Box]:
        """Boxes that overlap that span, in reading order. Raises NotFound."""
        with self._database.look() as connection:
            return boxes.overlapping(_version(connection, version_id).boxes, start, end)

    def remove(self, document_ids: Collection[str]) -> int:
        """Remove documents with every version and chunk; returns how many were published."""
        return self._database.change(lambda connection: publishing.remove(connection, self._index, document_ids))

    def used(self, content_hashes: Collection[str]) -> set[str]:
        """Which of these original bytes a published document stands in."""
        found: set[str] = set()
        with self._database.read() as connection:
            for batch in batches(content_hashes):
                held = select(document.c.content_hash).where(document.c.content_hash.in_(batch)).distinct()
                found.update(connection.scalars(held))
        return found

    def iterate(self, collection: str | None = None) -> Iterator[Document]:
        """Every published document, a page at a time; what is published meanwhile may or may not be among them."""
        query = _PUBLISHED.order_by(document.c.number).limit(_AT_ONCE)
        if collection is not None:
            query = query.where(document.c.collection == collection)
        last = 0
        while True:
            with self._database.look() as connection:
                rows = connection.execute(query.where(document.c.number > last)).all()
            yield from map(_document, rows)
            if len(rows) < _AT_ONCE:
                return
            last = rows[-1].number

    def collections(self) -> list[str]:
        """Names of the collections that hold published documents, sorted."""
        with self._database.look() as connection:
            return list(connection.scalars(select(document.c.collection).distinct().order_by(document.c.collection)))

    def totals(self) -> tuple[int, int]:
        """How many documents are published, and how many chunks they have."""
        counts = select(func.count(), func.coalesce(func.sum(document.c.chunks), 0)).select_from(document)
        with self._database.look() as connection:
            documents, chunks = connection.execute(counts).one()
            return documents, chunks


def _version(connection: Connection, version_id: str) -> Row[Any]:
    row = connection.execute(select(version).where(version.c.id == version_id)).first()
    if row is None:
        raise NotFound(
            f"there is no version {version_id!r} any more",
            remedy="the document was removed; ingest it again to cite from it",
        )
    return row


def _document(row: Row[Any]) -> Document:
    values = dict(row._mapping)  # noqa: SLF001 - the public name of a row's columns
    del values["number"], values["version"]
    return Document(**values)
