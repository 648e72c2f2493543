"""Names held through a PostgreSQL server: advisory locks, which the server lets go when their connection ends."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import BigInteger

from janus_lab.adapters.relational.database import Database, connected
from janus_lab.errors import StoreUnreachable

if TYPE_CHECKING:
    from janus_lab.ports.exclusion import Exclusion

_KEY_BYTES = 8
# A statement at a time, as a server that is silent for longer than any of them takes is given up.
_PATIENT = text("SET lock_timeout = 0; SET statement_timeout = '60s'")
_TIMED_OUT = "57014"
_TAKE = text(
    "SELECT count(pg_advisory_lock(key)) FROM (SELECT unnest(:keys) AS key ORDER BY key OFFSET 0) AS ordered"
).bindparams(bindparam("keys", type_=ARRAY(BigInteger)))
_STILL = text("SELECT 1")


@contextmanager
def open_exclusion(url: str) -> Iterator[Exclusion]:
    """Names held by whoever uses the database at `url`. Raises as `open_database`."""
    with connected(url) as database:
        yield AdvisoryExclusion(database)


class AdvisoryExclusion:
    """Each holder has a connection of its own for as long as it holds; the server lets go with the connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def hold(self, names: Collection[str]) -> Iterator[None]:
        """Hold all of these names inside, waiting without an end. Raises StoreUnreachable."""
        keys = sorted({_key(name) for name in names})
        if not keys:
            yield
            return
        connection = self._database.connect()
        try:
            with self._database.translated():
                connection.execute(_PATIENT)
                while not _taken(connection, keys):
                    pass
            yield
            self._check(connection)
        finally:
            # Closed for good and not given back to the pool: whatever happened, nothing is held any more.
            connection.invalidate()
            connection.close()

    def _check(self, connection: Connection) -> None:
        try:
            connection.execute(_STILL)
        except DBAPIError as error:
            raise StoreUnreachable(
                f"the connection to {self._database.place} was lost, so what it held may have been another's meanwhile",
                remedy="nothing is half done: the run is resumed from its last step",
            ) from error


def _taken(connection: Connection, keys: list[int]) -> bool:
    """Whether all are held now; those that were taken before the time was over stay held, and keep their order."""
    try:
        connection.execute(_TAKE, {"keys": keys})
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _TIMED_OUT:
            raise
        return False
    return True


def _key(name: str) -> int:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:_KEY_BYTES], "big", signed=True)
