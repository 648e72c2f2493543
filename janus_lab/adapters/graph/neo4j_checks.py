"""What `janus doctor` asks Neo4j: is it there, of what version, may we, is the schema ours, is it the same time there."""

from __future__ import annotations

import time
from collections.abc import Iterator

from janus_lab.adapters.graph.neo4j_schema import HEAD, found_version
from janus_lab.adapters.graph.neo4j_server import OLDEST, Server, open_server
from janus_lab.errors import JanusError
from janus_lab.values.counted import count
from janus_lab.values.health import Check, Verdict

_NAME = "graph store"
_SKEW_SECONDS = 60.0


def checks(url: str) -> Iterator[Check]:
    """Reachable, version, credentials, constraints, writable, clock. Never raises."""
    try:
        with open_server(url) as server:
            yield from _asked(server)
    except JanusError as error:
        yield Check(_NAME, Verdict.FAILED, error.message, error.remedy)


def _asked(server: Server) -> Iterator[Check]:
    oldest = ".".join(map(str, OLDEST))
    yield Check(_NAME, Verdict.OK, f"Neo4j {server.version()} answers at {server.place} (needed: {oldest})")
    began = time.time()
    there = server.rows("RETURN datetime().epochMillis")[0][0] / 1000
    yield _clock(there - (began + time.time()) / 2)
    yield _schema(server)
    writable = server.rows("SHOW DATABASE $name YIELD name, writer, currentStatus", name=server.database or "neo4j")
    for name, writer, status in writable:
        if writer and status == "online":
            yield Check(f"{_NAME} database", Verdict.OK, f"{name} is online and takes writes")
        else:
            remedy = "see Neo4j's log: a full disk or a failed start makes a database read-only"
            yield Check(f"{_NAME} database", Verdict.FAILED, f"{name} is {status} and takes no writes", remedy)


def _clock(difference: float) -> Check:
    name = f"{_NAME} clock"
    if abs(difference) > _SKEW_SECONDS:
        detail = f"the server is {abs(difference):.0f} s {'ahead' if difference > 0 else 'behind'}"
        return Check(name, Verdict.WARNING, detail, "set both clocks (`timedatectl set-ntp true`)")
    return Check(name, Verdict.OK, "the same time here and there")


def _schema(server: Server) -> Check:
    name, found = f"{_NAME} schema", found_version(server)
    if found > HEAD:
        return Check(name, Verdict.FAILED, f"schema {found} is newer than ours", "pip install -U janus-lab")
    offline = server.rows("SHOW INDEXES YIELD name, state WHERE state <> 'ONLINE' RETURN name")
    if offline:
        remedy = "wait if it is still built; else drop it, and open the lab again"
        return Check(name, Verdict.WARNING, f"not online: {count(len(offline), 'index')}", remedy)
    return Check(name, Verdict.OK, f"schema {found}" if found else "installed when the graph is first used")
