"""Connections to PostgreSQL that wait for no reply for ever: a server that is stopped keeps its side of a connection alive."""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import _WaitTimeout  # psycopg names no other for what `wait` documents

_Result = TypeVar("_Result")


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is closed when the server has not answered for `reply_seconds`."""

    reply_seconds = 150.0
    """More than the server lets a statement take, so that only one that is stopped, or lost on the way, is given up."""

    def wait(self, gen: PQGen[_Result], interval: float = 0.1, timeout: float | None = None) -> _Result:
        """As psycopg's. Raises OperationalError when the reply does not come."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.reply_seconds)
        except _WaitTimeout as error:
            # What is asked of a closed connection, such as to roll back, is refused at once.
            self.pgconn.finish()
            raise psycopg.OperationalError("the server does not answer") from error
