"""A database, open: transactions that read, transactions that write, and errors in our words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from janus_lab.adapters.disk import disk_error
from janus_lab.adapters.relational.sqlite import BEGIN, WRITING, sqlite_engine, sqlite_error
from janus_lab.errors import JanusError, StoreFailed, UnknownScheme

_SQLITE = "sqlite:///"


class Database:
    """Transactions on one engine; safe from several threads. `place` names it in errors."""

    def __init__(self, engine: Engine, place: Path, translate: Callable[[BaseException, Path], JanusError]) -> None:
        self.place = place
        self._readers = engine
        self._writers = engine.execution_options(**{BEGIN: WRITING})
        self._bare = engine.execution_options(**{BEGIN: ""})
        self._translate = translate

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of everything and changes nothing."""
        with self._translated(), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that waits for other writers first, and is undone if an error leaves it."""
        with self._translated(), self._writers.begin() as connection:
            yield connection

    @contextmanager
    def bare(self) -> Iterator[Connection]:
        """A connection without a transaction, for what a transaction does not allow."""
        with self._translated(), self._bare.connect() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self._translate(error.orig or error, self.place) from error
        except OSError as error:
            raise disk_error(error, self.place) from error
        except (UnicodeEncodeError, OverflowError) as error:
            raise StoreFailed(
                f"{self.place} can't keep a value: {error}",
                remedy="rename the file, or mend the text or number, that it came from",
            ) from error


@contextmanager
def open_database(url: str) -> Iterator[Database]:
    """The database at `url` with its schema up to date.

    Raises DataDirectoryUnusable, DiskFull, StoreFailed, StoreUnreachable, or DataTooNew if a newer Janus Lab made it.
    """
    from janus_lab.adapters.relational.migrate import migrate

    engine, place = _engine(url)
    try:
        database = Database(engine, place, sqlite_error)
        migrate(database)
        yield database
    finally:
        engine.dispose()


def _engine(url: str) -> tuple[Engine, Path]:
    if not url.startswith(_SQLITE):
        raise UnknownScheme(f"no relational store speaks {url.partition(':')[0]!r}", remedy="use sqlite:///PATH")
    path = Path(url.removeprefix(_SQLITE))
    return sqlite_engine(path), path
