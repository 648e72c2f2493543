"""An engine on a SQLite file that many processes share: WAL, writers that queue, foreign keys that hold."""

from __future__ import annotations

import fcntl
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from janus_lab.adapters.disk import disk_errors, disk_full, unusable
from janus_lab.errors import JanusError, StoreFailed, StoreUnreachable

if TYPE_CHECKING:
    from janus_lab.adapters.relational.database import Database

# Execution option of a connection: the statement that begins its transactions ("" for none).
_BEGIN = "janus_begin"
_READING = "BEGIN"
# Takes its place in the queue of writers at once; a late one can fail without having waited.
_WRITING = "BEGIN IMMEDIATE"
_PRIVATE = 0o600

_BUSY_SECONDS = 30.0
_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA temp_store = MEMORY",
)
_FORBIDDEN = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH})
_WAITED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_NO_DATABASE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_ROOM_TO_BREATHE = 64 * 1024
# Folders may have a question mark in their name, so only this at the end is an option.
_CACHE = re.compile(r"\?cache_mb=(\d{1,6})$")


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A database in the file at `place`, shared by the processes of one machine; each connection keeps `cache_mb` of it."""

    place: Path
    cache_mb: int = 16

    def engine(self) -> Engine:
        """An engine on the file, whose folder is made if need be. Raises DataDirectoryUnusable."""
        with disk_errors(self.place):
            self.place.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            URL.create("sqlite", database=str(self.place)),
            connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
            # A traceback in a log holds no text of a document.
            hide_parameters=True,
            # SQLite itself lets writers wait in line; a bound on connections would only make readers wait as well.
            max_overflow=-1,
        )
        event.listen(engine, "connect", self._prepare)
        event.listen(engine, "begin", _begin)
        return engine

    def readers(self, engine: Engine) -> Engine:
        """Transactions that take no lock until they read."""
        return engine.execution_options(**{_BEGIN: _READING})

    def looks(self, engine: Engine) -> Engine:
        """No transaction but the statement's own."""
        return self.bare(engine)

    def writers(self, engine: Engine) -> Engine:
        """Transactions that wait for other writers first."""
        return engine.execution_options(**{_BEGIN: _WRITING})

    def bare(self, engine: Engine) -> Engine:
        """No transactions."""
        return engine.execution_options(**{_BEGIN: ""})

    def present(self) -> bool:
        """Whether the file is there."""
        return self.place.exists()

    @contextmanager
    def migration(self, database: Database) -> Iterator[None]:
        """A lock beside the file; the file, for its owner only, in the mode that many processes share."""
        path = self.place.with_name(self.place.name + ".lock")
        with disk_errors(self.place), path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not self.present():
                # SQLite gives its log beside it the same permissions.
                self.place.touch(mode=_PRIVATE)
            with database.bare() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            yield

    def error(self, error: BaseException) -> JanusError:
        """Our error for SQLite's, by its result code."""
        return _error(error, self.place)

    def passing(self, error: BaseException) -> bool:  # noqa: ARG002 - of the protocol
        """Never: writers wait in line."""
        return False

    def _prepare(self, connection: sqlite3.Connection, _record: Any) -> None:
        # The driver's own transactions start late and never IMMEDIATE; ours are begun in `_begin`.
        connection.isolation_level = None
        for pragma in (*_PRAGMAS, f"PRAGMA cache_size = -{self.cache_mb * 1000}"):
            connection.execute(pragma)


def sqlite_file(url: str) -> SqliteFile:
    """The database at `sqlite:///PATH`, or `sqlite:///PATH?cache_mb=N`."""
    place = url.removeprefix("sqlite:///")
    if option := _CACHE.search(place):
        return SqliteFile(Path(place[: option.start()]), int(option[1]))
    return SqliteFile(Path(place))


def _begin(connection: Connection) -> None:
    if statement := connection.get_execution_options().get(_BEGIN, _READING):
        connection.exec_driver_sql(statement)


def _error(error: BaseException, path: Path) -> JanusError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(path)):
        return disk_full(path)
    if code in _FORBIDDEN:
        return unusable(path, "it can't be opened for writing")
    if code in _WAITED:
        return StoreUnreachable(
            f"{path} was locked by another process for {_BUSY_SECONDS:.0f} seconds",
            remedy="wait for the other work to end (see `janus runs`), then repeat",
        )
    if code in _NO_DATABASE:
        return StoreFailed(
            f"{path} is damaged or no database", remedy=f"restore {path} from a backup, or move it away to start afresh"
        )
    return StoreFailed(f"{path}: {error}", remedy="run `janus doctor`; if it is all well there, please report this")


def _is_full(path: Path) -> bool:
    import shutil

    try:
        return shutil.disk_usage(path.parent).free < _ROOM_TO_BREATHE
    except OSError:
        return False
