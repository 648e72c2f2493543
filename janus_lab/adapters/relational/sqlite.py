"""An engine on a SQLite file that many processes share: WAL, writers that queue, foreign keys that hold."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from janus_lab.adapters.disk import disk_errors, disk_full, unusable
from janus_lab.errors import JanusError, StoreFailed, StoreUnreachable

BEGIN = "janus_begin"
"""Execution option of a connection: the statement that begins its transactions ("" for none)."""

READING = "BEGIN"
WRITING = "BEGIN IMMEDIATE"
"""Takes its place in the queue of writers at once; a late one can fail without having waited."""

_BUSY_SECONDS = 30.0
_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA cache_size = -16000",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA temp_store = MEMORY",
)
_FORBIDDEN = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH})
_WAITED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_NO_DATABASE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_ROOM_TO_BREATHE = 64 * 1024


def sqlite_engine(path: Path) -> Engine:
    """An engine on the file at `path`, whose folder is made if need be. Raises DataDirectoryUnusable."""
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
        # SQLite itself lets writers wait in line; a bound on connections would only make readers wait as well.
        max_overflow=-1,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def use_wal(connection: Connection) -> None:
    """Make the file a WAL database; it stays one, so this is done when its schema is made."""
    connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own transactions start late and never IMMEDIATE; ours are begun in `_begin`.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    if statement := connection.get_execution_options().get(BEGIN, READING):
        connection.exec_driver_sql(statement)


def sqlite_error(error: BaseException, path: Path) -> JanusError:
    """Our error for SQLite's, by its result code."""
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
