"""What `janus doctor` asks a PostgreSQL server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from sqlalchemy import text

from janus_lab.adapters.relational.database import Database, connected
from janus_lab.adapters.relational.migrate import HEAD, current_revision
from janus_lab.adapters.relational.postgresql import OLDEST, spoken
from janus_lab.errors import JanusError
from janus_lab.values.health import Check, Verdict
from janus_lab.values.size import size

_CLOCK_SECONDS = 5.0
_CROWDED = 0.8
_RIGHTS = text("SELECT has_schema_privilege(current_schema(), 'CREATE')")
_CONNECTIONS = text(
    "SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),"
    " current_setting('max_connections')::int"
)
_SIZE = text("SELECT pg_database_size(current_database())")
_CLOCK = text("SELECT extract(epoch FROM clock_timestamp())::float8")


def checks(url: str) -> Iterator[Check]:
    """Reachable and let in, version, schema, rights, connections, size, clock. Never raises."""
    try:
        with connected(url) as database:
            yield Check("database", Verdict.OK, f"PostgreSQL answers at {database.place}")
            yield from _inside(database)
    except JanusError as error:
        yield Check("database", Verdict.FAILED, error.message, error.remedy)


def _inside(database: Database) -> Iterator[Check]:
    for name, look in _LOOKS.items():
        try:
            yield look(database)
        except JanusError as error:
            yield Check(f"database {name}", Verdict.FAILED, error.message, error.remedy)


def _version(database: Database) -> Check:
    with database.read() as connection:
        number = int(connection.scalar(text("SHOW server_version_num")) or 0)
    return Check("database version", Verdict.OK, f"{spoken(number)} (oldest we take: {OLDEST // 10000})")


def _schema(database: Database) -> Check:
    found = current_revision(database)
    if found == HEAD:
        return Check("database schema", Verdict.OK, f"revision {found}")
    if found is None or found < HEAD:
        return Check(
            "database schema", Verdict.OK, f"revision {found or 'none'}; {HEAD} is made when a worker opens it"
        )
    return Check(
        "database schema",
        Verdict.FAILED,
        f"revision {found} was made by a newer Janus Lab; this one knows {HEAD}",
        "upgrade with `pip install -U janus-lab`",
    )


def _rights(database: Database) -> Check:
    with database.read() as connection:
        if connection.scalar(_RIGHTS):
            return Check("database rights", Verdict.OK, "the user may make tables")
    return Check(
        "database rights",
        Verdict.FAILED,
        "the user may not make tables",
        "let it own the database: `ALTER DATABASE … OWNER TO …`",
    )


def _connections(database: Database) -> Check:
    with database.read() as connection:
        used, most = connection.execute(_CONNECTIONS).one()
    if used < _CROWDED * most:
        return Check("database connections", Verdict.OK, f"{used} of {most}")
    return Check(
        "database connections",
        Verdict.WARNING,
        f"{used} of {most} are in use",
        "close notebooks and workers that are not needed, or raise max_connections on the server",
    )


def _size(database: Database) -> Check:
    with database.read() as connection:
        held = int(connection.scalar(_SIZE) or 0)
    return Check("database size", Verdict.OK, f"{size(held)}; the server does not tell how much space is left")


def _clock(database: Database) -> Check:
    with database.read() as connection:
        before = time.time()
        theirs = float(connection.scalar(_CLOCK) or 0.0)
        difference = theirs - (before + time.time()) / 2
    if abs(difference) < _CLOCK_SECONDS:
        return Check("database clock", Verdict.OK, f"{difference:+.3f} s from ours")
    return Check(
        "database clock",
        Verdict.WARNING,
        f"{difference:+.1f} s from ours",
        "set both machines' clocks by the network (`timedatectl set-ntp true`)",
    )


_LOOKS: dict[str, Callable[[Database], Check]] = {
    "version": _version,
    "schema": _schema,
    "rights": _rights,
    "connections": _connections,
    "size": _size,
    "clock": _clock,
}
