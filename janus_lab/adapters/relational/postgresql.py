"""A database on a PostgreSQL server: how it is connected to, and what its dialect does in its own way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DisconnectionError

from janus_lab.adapters.relational.postgresql_address import connect_arguments, parsed, shown
from janus_lab.adapters.relational.postgresql_errors import postgresql_error
from janus_lab.errors import EngineTooOld, JanusError, StoreFailed

if TYPE_CHECKING:
    from janus_lab.adapters.relational.database import Database

OLDEST = 140000
"""The oldest server we take, as PostgreSQL counts its versions."""

_MIGRATION_LOCK = 0x6A616E7573  # "janus"
# Few connections stay open between uses, because every adapter of every process has its own.
_KEPT, _MORE = 2, 18
# A connection used just now is taken for alive, which saves a round trip.
_TRUSTED_SECONDS = 1.0
_ALIVE_SECONDS = 10.0
_USED = "janus_used"
# A foreign key is violated where a document is removed and published at once: begun again, one sees what the other did.
_PASSING = frozenset({"40001", "40P01", "23503"})


@dataclass(frozen=True, slots=True)
class PostgresqlServer:
    """A database on a server, shared by processes of many machines."""

    url: str = field(repr=False)

    @property
    def place(self) -> str:
        """The URL without user, password and options."""
        return shown(parsed(self.url))

    def engine(self) -> Engine:
        """An engine whose pool drops connections that died. Raises as `check` does."""
        engine = create_engine(
            parsed(self.url),
            connect_args=connect_arguments(parsed(self.url)),
            hide_parameters=True,
            pool_use_lifo=True,
            pool_size=_KEPT,
            max_overflow=_MORE,
            pool_recycle=1800,
        )
        event.listen(engine, "do_connect", _connect)
        event.listen(engine, "checkin", _used)
        event.listen(engine, "checkout", _alive)
        try:
            self._check(engine)
        except BaseException:
            engine.dispose()
            raise
        return engine

    def readers(self, engine: Engine) -> Engine:
        """Transactions on one snapshot; read-only ones never fail to serialize."""
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def looks(self, engine: Engine) -> Engine:
        """No transaction but the statement's own, which saves two round trips."""
        return self.bare(engine)

    def writers(self, engine: Engine) -> Engine:
        """Transactions whose statements each see what is committed, so that conditional updates never fail to serialize."""
        return engine.execution_options(isolation_level="READ COMMITTED")

    def bare(self, engine: Engine) -> Engine:
        """No transactions."""
        return engine.execution_options(isolation_level="AUTOCOMMIT")

    def present(self) -> bool:
        """Always: a server without the database refuses to connect."""
        return True

    @contextmanager
    def migration(self, database: Database) -> Iterator[None]:
        """A lock of a connection of its own, given up by the server if this process dies."""
        with database.bare() as connection:
            connection.execute(text("SET lock_timeout = '600s'; SET statement_timeout = '600s'"))
            driver: Any = connection.connection.dbapi_connection
            driver.reply_seconds = 660.0
            try:
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
                yield
            finally:
                # Closed and not given back to the pool: that ends the lock and its settings, whatever happened.
                connection.invalidate()

    def error(self, error: BaseException) -> JanusError:
        """Our error for the driver's, by SQLSTATE."""
        return postgresql_error(error, parsed(self.url))

    def passing(self, error: BaseException) -> bool:
        """Whether the server ended a transaction in favour of another."""
        return getattr(error, "sqlstate", None) in _PASSING

    def _check(self, engine: Engine) -> None:
        """Raises StoreUnreachable, AccessDenied, EngineTooOld, or StoreFailed for a database that is not in UTF-8."""
        from janus_lab.adapters.relational.database import Database

        with Database(self, engine).bare() as connection:
            info: Any = connection.connection.dbapi_connection.info  # type: ignore[union-attr]  # psycopg's own
            version, encoding = info.server_version, info.parameter_status("server_encoding")
        if version < OLDEST:
            raise EngineTooOld(
                f"PostgreSQL {spoken(version)} answers at {self.place}; Janus Lab works with {OLDEST // 10000} or newer",
                remedy=f"upgrade the server to PostgreSQL {OLDEST // 10000} or newer, or set relational_url to such a one",
            )
        if encoding != "UTF8":
            raise StoreFailed(
                f"the database at {self.place} keeps its text as {encoding}, which can't hold every text",
                remedy="create it anew with `createdb --encoding=UTF8 --template=template0 NAME`",
            )


def _connect(dialect: Any, record: Any, arguments: Any, named: Any) -> Any:  # noqa: ARG001 - SQLAlchemy's
    from janus_lab.adapters.relational.postgresql_connection import BoundedConnection

    return BoundedConnection.connect(*arguments, **named)


def _used(connection: Any, record: Any) -> None:  # noqa: ARG001 - SQLAlchemy's
    record.info[_USED] = time.monotonic()


def _alive(connection: Any, record: Any, _proxy: Any) -> None:
    """Ask a connection that was idle for a while whether its server is still there; the pool makes a new one if not."""
    if time.monotonic() - record.info.get(_USED, time.monotonic()) < _TRUSTED_SECONDS:
        return
    import psycopg

    patience, connection.reply_seconds = connection.reply_seconds, _ALIVE_SECONDS
    try:
        connection.execute("")
        connection.rollback()
    except psycopg.OperationalError as error:
        raise DisconnectionError("the server went away") from error
    connection.reply_seconds = patience


def spoken(version: int) -> str:
    """A version as people write it: 15.4 for 150004."""
    return f"{version // 10000}.{version % 10000}"
