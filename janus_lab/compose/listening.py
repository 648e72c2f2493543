"""Whether anybody listens where a URL points: a server that is silent may be busy, one that is not there is not."""

from __future__ import annotations

import socket
from contextlib import closing
from urllib.parse import urlsplit

_PORTS = {
    "amqp": 5672,
    "amqps": 5671,
    "http": 80,
    "https": 443,
    "postgresql": 5432,
    "qdrant": 6333,
    "redis": 6379,
    "rediss": 6379,
    "s3": 443,
}
_NEO4J_PORT = 7687
_CONNECT_SECONDS = 0.5


def listens(url: str) -> bool:
    """Whether a connection to the server at `url` is taken at once. Never raises."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "localhost", parts.port
        if parts.scheme == "unix":
            with closing(socket.socket(socket.AF_UNIX)) as connection:
                connection.settimeout(_CONNECT_SECONDS)
                connection.connect(parts.path)
            return True
        default = _PORTS.get(parts.scheme.partition("+")[0], _NEO4J_PORT)
        with socket.create_connection((host, port or default), timeout=_CONNECT_SECONDS):
            return True
    except (OSError, ValueError):
        return False
