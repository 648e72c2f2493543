"""Why a server let nobody in.

The client library tells a failed connection only by the server's words, which are in its language. So the server is asked
once more: its first answer to a start-up message carries the SQLSTATE, and what follows the password is found by exclusion.
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL

from janus_lab.adapters.relational.postgresql_address import PORT

if TYPE_CHECKING:
    import psycopg

WRONG_PASSWORD = "28P01"  # noqa: S105 - an error's code
NO_DATABASE = "3D000"

_PROTOCOL = 3 << 16
_SECONDS = 5.0
_MAINTENANCE = ("postgres", "template1")
_LONGEST_REPLY = 65536


def why_refused(url: URL) -> str | None:
    """The SQLSTATE with which the server refuses a connection; None where none answers, or one that was away is back."""
    refusal = _refusal(url, url.database)
    if refusal is None or refusal.pgconn is None:
        return None
    if refusal.pgconn.needs_password:
        return WRONG_PASSWORD
    if not refusal.pgconn.used_password:
        return _first_refusal(url)
    others = (name for name in _MAINTENANCE if name != url.database)
    return NO_DATABASE if any(_refusal(url, name) is None for name in others) else WRONG_PASSWORD


def _refusal(url: URL, database: str | None) -> psycopg.OperationalError | None:
    """The error that connecting with this user and password ends in, if any."""
    import psycopg

    password = None if url.password is None else str(url.password)
    options: dict[str, Any] = {k: v for k, v in url.query.items() if k.startswith("ssl")}
    try:
        psycopg.connect(
            host=url.host, port=url.port, user=url.username, password=password, dbname=database,
            connect_timeout=int(_SECONDS), **options,
        ).close()  # fmt: skip
    except psycopg.OperationalError as error:
        return error
    return None


def _first_refusal(url: URL) -> str | None:
    """The SQLSTATE with which the server answers a start-up message; None if it does not answer, or asks for more."""
    try:
        with _socket(url) as connection:
            connection.settimeout(_SECONDS)
            connection.sendall(_startup(url))
            return _state(connection)
    except OSError:
        return None


def _socket(url: URL) -> socket.socket:
    host, port = url.host or "localhost", url.port or PORT
    if not host.startswith("/"):
        return socket.create_connection((host, port), timeout=_SECONDS)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_SECONDS)
    connection.connect(f"{host}/.s.PGSQL.{port}")
    return connection


def _startup(url: URL) -> bytes:
    user = url.username or ""
    words = ("user", user, "database", url.database or user)
    body = struct.pack("!i", _PROTOCOL) + b"".join(word.encode() + b"\0" for word in words) + b"\0"
    return struct.pack("!i", len(body) + 4) + body


def _state(connection: socket.socket) -> str | None:
    with connection.makefile("rb") as reply:
        kind, length = reply.read(1), reply.read(4)
        if kind != b"E" or len(length) < 4:  # noqa: PLR2004 - the width of a length
            return None
        fields = reply.read(min(struct.unpack("!i", length)[0], _LONGEST_REPLY)).split(b"\0")
    return next((field[1:].decode("ascii") for field in fields if field.startswith(b"C")), None)
