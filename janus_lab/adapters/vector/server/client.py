"""One way to speak to a Qdrant server: bounded retries, and its errors in our words.

Everything we ask is safe to ask twice: points replace points of the same id, collections and aliases are made once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import httpx
from qdrant_client import QdrantClient
from qdrant_client.models import UpdateResult, UpdateStatus

from janus_lab.adapters.vector.server.address import Address
from janus_lab.adapters.vector.server.refusals import OLDEST, REFUSALS, passes, too_old, translated
from janus_lab.errors import StoreUnreachable

Answer = TypeVar("Answer")

_PAUSES_SECONDS = (0.05, 0.15, 0.4, 1.0)
"""Before each retry: about a second and a half in all, which bridges a broken connection and a quick restart."""
# The server closes connections that were idle for five seconds; one that it closes just now would fail.
_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=3.0)


class Server:
    """Asks a server through its driver; safe from several threads."""

    def __init__(self, client: QdrantClient, address: Address) -> None:
        self._client = client
        self.address = address

    def ask(self, request: Callable[[QdrantClient], Answer]) -> Answer:
        """The server's answer. Raises StoreUnreachable, AccessDenied, DiskFull or StoreFailed."""
        pauses = iter(_PAUSES_SECONDS)
        while True:
            try:
                return request(self._client)
            except REFUSALS as error:
                pause = next(pauses, None)
                if pause is None or not passes(error):
                    raise translated(error, self.address.shown) from error
            time.sleep(pause)

    def write(self, request: Callable[[QdrantClient], UpdateResult]) -> None:
        """Ask for a change and make sure that it is done and will stay. Raises what `ask` does."""
        if self.ask(request).status != UpdateStatus.COMPLETED:
            raise StoreUnreachable(
                f"the Qdrant server at {self.address.shown} did not confirm a change in time",
                remedy="wait until it is less busy, then repeat; doing it again does no harm",
            )

    def version(self) -> str:
        """The server's version, as it says it."""
        return self.ask(lambda client: client.info()).version


@contextmanager
def connected(address: Address) -> Iterator[Server]:
    """A server, not yet asked anything."""
    client = QdrantClient(
        host=address.host,
        port=address.port,
        grpc_port=address.grpc_port,
        prefer_grpc=address.prefer_grpc,
        https=address.tls,
        # As a header, because the driver warns of a key without TLS, which is how servers on loopback are run.
        headers={"api-key": address.key} if address.key else None,
        timeout=address.timeout_seconds,
        limits=_LIMITS,
        check_compatibility=False,
    )
    try:
        yield Server(client, address)
    finally:
        client.close()


def check_version(server: Server) -> None:
    """Raise EngineTooOld for a server that lacks what we need."""
    version = server.version()
    if not new_enough(version):
        raise too_old(version, server.address.shown)


def new_enough(version: str) -> bool:
    """Whether a version such as "1.16.0" or "1.13.0-dev" is one we work with."""
    numbers = version.removeprefix("v").split(".")[: len(OLDEST)]
    return all(n.isdecimal() for n in numbers) and tuple(map(int, numbers)) >= OLDEST
