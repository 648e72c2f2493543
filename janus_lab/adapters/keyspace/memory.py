"""No server, no keys: where runs are carried out in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from janus_lab.ports.keyspace import Keyspace
from janus_lab.values.stored_key import KeyContent, KeyPage


@contextmanager
def open_keyspace(url: str = "memory://") -> Iterator[Keyspace]:  # noqa: ARG001 - one signature for every scheme
    """A keyspace in which there never is anything."""
    yield EmptyKeyspace()


class EmptyKeyspace:
    """What is to be seen of a lab without an engine room."""

    def find(self, pattern: str, *, limit: int, seconds: float) -> KeyPage:  # noqa: ARG002 - the port's signature
        """Nothing, and why."""
        return KeyPage(pattern, time.time(), note="runs are carried out in this process: there is no server")

    def read(self, name: str, *, limit: int) -> KeyContent | None:  # noqa: ARG002 - the port's signature
        """Never there."""
        return None

    def delete(self, name: str) -> bool:  # noqa: ARG002 - the port's signature
        """Never there."""
        return False
