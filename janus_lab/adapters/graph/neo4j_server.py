"""One Neo4j server: its URL taken apart, transactions tried again where that helps, its version looked at once."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from neo4j import READ_ACCESS, Driver, GraphDatabase, ManagedTransaction, NotificationMinimumSeverity
from neo4j.exceptions import ConstraintError, DriverError, Neo4jError, ServiceUnavailable

from janus_lab.adapters.graph.neo4j_errors import translated
from janus_lab.errors import EngineTooOld, SettingsError

OLDEST = (5, 13)
_PORT = 7687
_CONNECT_SECONDS = 10.0
_AWAY_SECONDS = 4.0
"""So long a server that is restarted is waited for before it counts as unreachable."""
_BUSY_SECONDS = 30.0
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 2.0

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Address:
    """What a graph URL says. `shown` is fit for messages."""

    target: str
    shown: str
    database: str | None
    user: str = field(repr=False)
    password: str = field(repr=False)


def address(url: str) -> Address:
    """Take `bolt://user:password@host:port/database` apart. Raises SettingsError."""
    parts = urlsplit(url)
    try:
        port = parts.port or _PORT
    except ValueError:
        port = 0
    if not parts.hostname or not port:
        raise SettingsError(
            f"graph_url names no server: {parts.scheme}://", remedy="write it like bolt://neo4j:PASSWORD@127.0.0.1:7687"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    target = f"{parts.scheme}://{host}:{port}"
    database = unquote(parts.path.strip("/"))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Address(target, f"{target}/{database}".rstrip("/"), database or None, user, password)


class Server:
    """Transactions on a server; safe from several threads, and again usable after it was away."""

    def __init__(self, place: Address, driver: Driver) -> None:
        self.place = place.shown
        self.database = place.database
        self.driver = driver

    def write(self, work: Callable[[ManagedTransaction], _Result]) -> _Result:
        """`work` in a transaction that is kept whole or not at all. It may be called again, and must bear that."""

        def once() -> _Result:
            with self.driver.session(database=self.database) as session:
                return session.execute_write(work)

        return self.retried(once)

    def rows(self, query: str, **parameters: Any) -> list[list[Any]]:
        """The rows of one query that only reads, in one way to the server and back."""

        def once() -> list[list[Any]]:
            with self.driver.session(database=self.database, default_access_mode=READ_ACCESS) as session:
                return [record.values() for record in session.run(query, parameters)]

        return self.retried(once)

    def version(self) -> str:
        """What the server says it is, such as `5.26.30`. Raises StoreUnreachable, AccessDenied."""
        with translated(self.place):
            return self.driver.get_server_info().agent.rpartition("/")[2]

    def retried(self, once: Callable[[], _Result]) -> _Result:
        """`once`, again while another writer or a restart stands in its way. Raises our errors."""
        # The driver's own retries wait a second after a deadlock and half a minute for a server that is away.
        began, pause = time.monotonic(), _FIRST_PAUSE_SECONDS
        with translated(self.place):
            while True:
                try:
                    return once()
                except (DriverError, Neo4jError) as error:
                    if time.monotonic() + pause > began + _patience(error):
                        raise
                time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def rows(transaction: ManagedTransaction, query: str, **parameters: Any) -> list[list[Any]]:
    """The rows of one query within a transaction."""
    return [record.values() for record in transaction.run(query, parameters)]


def _patience(error: DriverError | Neo4jError) -> float:
    if isinstance(error, ConstraintError):
        # Somebody else wrote the same thing first; next time it is found.
        return _BUSY_SECONDS
    if not error.is_retryable():
        return 0.0
    return _AWAY_SECONDS if isinstance(error, (ServiceUnavailable, DriverError)) else _BUSY_SECONDS


@contextmanager
def open_server(url: str) -> Iterator[Server]:
    """The server at `url`. Raises SettingsError, StoreUnreachable, AccessDenied, EngineTooOld."""
    place = address(url)
    with translated(place.shown):
        driver = GraphDatabase.driver(
            place.target,
            auth=(place.user, place.password) if place.user else None,
            user_agent="janus-lab",
            connection_timeout=_CONNECT_SECONDS,
            connection_acquisition_timeout=_BUSY_SECONDS,
            max_transaction_retry_time=0,
            telemetry_disabled=True,
            notifications_min_severity=NotificationMinimumSeverity.OFF,
        )
    try:
        server = Server(place, driver)
        check_version(server.version(), place.shown)
        yield server
    finally:
        # A connection that can't say goodbye any more, or an interrupt, ends the first call, and the driver would stay open.
        with suppress(DriverError, Neo4jError, OSError):
            try:
                driver.close()
            finally:
                driver.close()


def check_version(version: str, place: str) -> None:
    """Raise EngineTooOld for a server that lacks what we need."""
    found = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if found < OLDEST:
        raise EngineTooOld(
            f"Neo4j at {place} is {version}; Janus needs {'.'.join(map(str, OLDEST))} or newer",
            remedy="start a newer Neo4j, such as the one in compose.yaml",
        )
