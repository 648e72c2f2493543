"""What `janus doctor` asks a Qdrant server: is it there, is it new enough, may we, and are our collections well."""

from __future__ import annotations

from collections.abc import Iterator

from qdrant_client import models

from janus_lab.adapters.vector.server.address import Address, parsed
from janus_lab.adapters.vector.server.client import Server, connected, new_enough
from janus_lab.adapters.vector.server.refusals import too_old
from janus_lab.errors import AccessDenied, JanusError
from janus_lab.values.health import Check, Verdict

_NAME = "vector store"
_WELL = frozenset({models.CollectionStatus.GREEN, models.CollectionStatus.YELLOW})


def checks(url: str) -> Iterator[Check]:
    """Reachable, version, key (also for writing), and the state of our collections. Never raises."""
    try:
        address = parsed(url)
        with connected(address) as server:
            yield from _version(server)
            yield from _permission(server, address)
            yield from _collections(server, address)
    except JanusError as error:
        yield Check(_NAME, Verdict.FAILED, error.message, error.remedy)


def _version(server: Server) -> Iterator[Check]:
    version = server.version()
    if not new_enough(version):
        raise too_old(version, server.address.shown)
    yield Check(_NAME, Verdict.OK, f"Qdrant {version} answers at {server.address.shown}")


def _permission(server: Server, address: Address) -> Iterator[Check]:
    server.ask(lambda q: q.get_collections())
    # A key may be for reading only. Taking away an alias that is not there is a change that changes nothing.
    nobody = models.DeleteAlias(alias_name=f"{address.prefix}-doctor")
    try:
        server.ask(lambda q: q.update_collection_aliases([models.DeleteAliasOperation(delete_alias=nobody)]))
    except AccessDenied:
        detail = f"the key for {address.shown} may read and not write"
        yield Check(f"{_NAME} key", Verdict.FAILED, detail, "put a key that may write into vectors_url")
    else:
        detail = "accepted" if address.key else "none is asked for"
        yield Check(f"{_NAME} key", Verdict.OK, detail)


def _collections(server: Server, address: Address) -> Iterator[Check]:
    listed = server.ask(lambda q: q.get_collections()).collections
    ours = [c.name for c in listed if c.name.startswith(f"{address.prefix}-")]
    unwell = []
    for name in ours:
        status = _status(server, name)
        if status not in _WELL:
            unwell.append(f"{name} is {status}")
    if unwell:
        detail = "; ".join(unwell)
        yield Check(f"{_NAME} collections", Verdict.FAILED, detail, "see the server's log; restart it, then repeat")
    else:
        yield Check(f"{_NAME} collections", Verdict.OK, f"{len(ours)} well")


def _status(server: Server, name: str) -> models.CollectionStatus:
    return server.ask(lambda q: q.get_collection(name)).status
