"""A database, open: transactions that read, transactions that write, and errors in our words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from janus_lab.adapters.disk import disk_error
from janus_lab.errors import JanusError, StoreFailed, StoreUnreachable, UnknownScheme

_ATTEMPTS = 5
_PAUSE_SECONDS = 0.05

_Result = TypeVar("_Result")


class Site(Protocol):
    """Where a database is, and what its dialect does in its own way."""

    @property
    def place(self) -> Path | str:
        """The database as it is named in messages: a file, or a URL without user and password."""
        ...

    def engine(self) -> Engine:
        """An engine with a pool of connections."""
        ...

    def readers(self, engine: Engine) -> Engine:
        """The engine for transactions that see one state and change nothing."""
        ...

    def looks(self, engine: Engine) -> Engine:
        """The engine for single statements that read."""
        ...

    def writers(self, engine: Engine) -> Engine:
        """The engine for transactions that write."""
        ...

    def bare(self, engine: Engine) -> Engine:
        """The engine for connections without a transaction."""
        ...

    def present(self) -> bool:
        """Whether there can be a schema yet."""
        ...

    def migration(self, database: Database) -> AbstractContextManager[None]:
        """Makes whoever else wants to migrate this database wait, and makes it ready for its first schema."""
        ...

    def error(self, error: BaseException) -> JanusError:
        """Our error for the driver's."""
        ...

    def passing(self, error: BaseException) -> bool:
        """Whether the same transaction may succeed when it is begun again."""
        ...


class Database:
    """Transactions on one engine; safe from several threads, and again usable after its server was away."""

    def __init__(self, site: Site, engine: Engine) -> None:
        self.site = site
        self._readers = site.readers(engine)
        self._looks = site.looks(engine)
        self._writers = site.writers(engine)
        self._bare = site.bare(engine)

    @property
    def place(self) -> Path | str:
        """The database as it is named in messages."""
        return self.site.place

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of everything and changes nothing."""
        with self.translated(), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """A connection for one statement that reads, which needs no transaction to see one state."""
        with self.translated(), self._looks.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is undone if an error leaves it; on SQLite it waits for other writers first."""
        with self.translated(), self._writers.begin() as connection:
            yield connection

    def change(self, work: Callable[[Connection], _Result]) -> _Result:
        """`work` in a transaction that writes, begun again where the server ended it in favour of another."""
        with self.translated():
            for attempt in range(1, _ATTEMPTS):
                try:
                    with self._writers.begin() as connection:
                        return work(connection)
                except DBAPIError as error:
                    if not self.site.passing(error.orig or error):
                        raise
                    time.sleep(_PAUSE_SECONDS * attempt)
            with self._writers.begin() as connection:
                return work(connection)

    @contextmanager
    def bare(self) -> Iterator[Connection]:
        """A connection without a transaction, for what a transaction does not allow."""
        with self.translated(), self._bare.connect() as connection:
            yield connection

    def connect(self) -> Connection:
        """A connection without a transaction, for its caller to close."""
        with self.translated():
            return self._bare.connect()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn the driver's errors within into ours."""
        try:
            yield
        except DBAPIError as error:
            raise self.site.error(error.orig or error) from error
        except PoolTimeout as error:
            raise StoreUnreachable(
                f"every connection to {self.place} is in use", remedy="wait for other work to end, then repeat"
            ) from error
        except OSError as error:
            raise disk_error(error, Path(self.place)) from error
        except (UnicodeEncodeError, OverflowError) as error:
            raise StoreFailed(
                f"{self.place} can't keep a value: {error}",
                remedy="rename the file, or mend the text or number, that it came from",
            ) from error


@contextmanager
def open_database(url: str) -> Iterator[Database]:
    """The database at `url` with its schema up to date.

    Raises DataDirectoryUnusable, DiskFull, StoreFailed, StoreUnreachable, AccessDenied, EngineTooOld, or DataTooNew if a
    newer Janus Lab made it.
    """
    from janus_lab.adapters.relational.migrate import migrate

    with connected(url) as database:
        migrate(database)
        yield database


@contextmanager
def connected(url: str) -> Iterator[Database]:
    """The database at `url`, whatever schema it has or has not."""
    site = site_of(url)
    engine = site.engine()
    try:
        yield Database(site, engine)
    finally:
        engine.dispose()


def site_of(url: str) -> Site:
    """Where `url` leads. Raises UnknownScheme."""
    if url.startswith("sqlite:///"):
        from janus_lab.adapters.relational.sqlite import sqlite_file

        return sqlite_file(url)
    if url.startswith(("postgresql://", "postgresql+psycopg://")):
        from janus_lab.adapters.relational.postgresql import PostgresqlServer

        return PostgresqlServer(url)
    raise UnknownScheme(
        f"no relational store speaks {url.partition(':')[0]!r}",
        remedy="use sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE",
    )
