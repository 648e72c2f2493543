"""What source files looked like, in a relational database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter

from sqlalchemy import delete, select

from janus_lab.adapters.relational.batches import batches, replacing
from janus_lab.adapters.relational.bounded import bounded
from janus_lab.adapters.relational.database import Database, open_database
from janus_lab.adapters.relational.schema import source
from janus_lab.ports.documents import SourceIndex
from janus_lab.values.document import SourceStamp

_LONGEST = 500


@contextmanager
def open_source_index(url: str) -> Iterator[SourceIndex]:
    """The index in the database at `url`, for as long as the context lasts."""
    with open_database(url) as database:
        yield RelationalSourceIndex(database)


class RelationalSourceIndex:
    """Stamps as rows by collection and origin."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stamps(self, collection: str, origins: Collection[str]) -> dict[str, SourceStamp]:
        """The stamps of those origins that were ingested before."""
        known: dict[str, SourceStamp] = {}
        columns = (source.c.origin, source.c.size, source.c.modified_ns, source.c.content_hash)
        query = select(*columns).where(source.c.collection == collection)
        with self._database.read() as connection:
            for batch in batches(origins):
                asked = {_bounded(origin): origin for origin in batch}
                for row in connection.execute(query.where(source.c.origin.in_(asked))):
                    origin = asked[row.origin]
                    known[origin] = SourceStamp(origin, *row[1:])
        return known

    def record(self, collection: str, stamps: Sequence[SourceStamp]) -> None:
        """Remember what these sources looked like, replacing what was known."""
        rows = [
            {
                "collection": collection,
                "origin": _bounded(stamp.origin),
                "size": stamp.size,
                "modified_ns": stamp.modified_ns,
                "content_hash": stamp.content_hash,
            }
            for stamp in stamps
        ]
        if not rows:
            return
        # In one order, so that two who write the same rows can't wait for each other.
        rows.sort(key=itemgetter("origin"))
        self._database.change(lambda connection: connection.execute(replacing(connection, source), rows))

    def forget(self, collection: str, origins: Collection[str]) -> None:
        """Forget these sources."""
        with self._database.write() as connection:
            for batch in batches(origins):
                held = source.c.collection == collection, source.c.origin.in_([_bounded(origin) for origin in batch])
                connection.execute(delete(source).where(*held))


def _bounded(origin: str) -> str:
    """An origin short enough for the key of an index; its hash keeps long ones apart."""
    return bounded(origin, _LONGEST)
