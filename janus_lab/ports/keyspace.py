"""A look into the server that holds leases, claims, queues and events."""

from __future__ import annotations

from typing import Protocol

from janus_lab.values.stored_key import KeyContent, KeyPage


class Keyspace(Protocol):
    """Reads keys without changing them; only `delete` changes anything.

    A pattern is the server's glob (`*`, `?`, `[ab]`) over a key's whole name. Raises StoreUnreachable or AccessDenied.
    """

    def find(self, pattern: str, *, limit: int, seconds: float) -> KeyPage:
        """Keys that the pattern meets: at most `limit`, looked for at most about so long. The server serves others meanwhile."""
        ...

    def read(self, name: str, *, limit: int) -> KeyContent | None:
        """One key with at most `limit` of its members; None if it is not there (any more)."""
        ...

    def delete(self, name: str) -> bool:
        """Delete one key, whatever it is; False if it was not there."""
        ...
