"""What Neo4j and its driver refuse, in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from neo4j.exceptions import AuthError, ClientError, DriverError, Forbidden, Neo4jError, ServiceUnavailable

from janus_lab.errors import AccessDenied, CapacityError, DiskFull, JanusError, StoreFailed, StoreUnreachable, UserError

_RATE = "Neo.ClientError.Security.AuthenticationRateLimit"
_READ_ONLY = "Neo.ClientError.Statement.AccessMode"
_MEMORY = frozenset(
    {"Neo.TransientError.General.MemoryPoolOutOfMemoryError", "Neo.TransientError.General.TransactionOutOfMemoryError"}
)
# A server whose disk is full can't append to its log, and lets nothing more be written.
_NO_ROOM = frozenset(
    {
        "Neo.DatabaseError.Transaction.TransactionLogError",
        "Neo.DatabaseError.Transaction.TransactionCommitFailed",
        "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase",
        "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase",
    }
)
_TIMED_OUT = "Neo.ClientError.Transaction.TransactionTimedOut"
_PLACE = re.compile(r"\(line (\d+), (column \d+) \(offset: \d+\)\)")
_LEFT_OUT = ("Neo.ClientError.Statement.", "Neo.ClientError.Procedure.", "Neo.ClientError.Schema.")


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn the driver's errors within into ours; `place` is the server's URL without user and password."""
    try:
        yield
    except (Neo4jError, DriverError, OSError) as error:
        raise graph_error(error, place) from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise StoreFailed(
            f"{place} can't keep a value: {error}", remedy="mend the text or number that it came from"
        ) from error


def graph_error(error: BaseException, place: str) -> JanusError:
    """Our error for the driver's."""
    if isinstance(error, (ServiceUnavailable, OSError)):
        return StoreUnreachable(
            f"no graph store answers at {place}", remedy="start Neo4j (`docker compose up -d neo4j`), then repeat"
        )
    if isinstance(error, DriverError):
        return StoreUnreachable(
            f"the connection to {place} ended in mid-work ({type(error).__name__})",
            remedy="repeat; if it stays so, see Neo4j's own log (`docker compose logs neo4j`)",
        )
    code = getattr(error, "code", "") or ""
    if code == _RATE:
        return AccessDenied(
            f"{place} takes no password for some seconds, because wrong ones were given",
            remedy="correct graph_url in janus.toml, or the password in .env, wait ten seconds, then repeat",
        )
    if isinstance(error, AuthError) and not isinstance(error, Forbidden):
        return AccessDenied(
            f"{place} refuses the user or the password",
            remedy="correct them in graph_url in janus.toml, or in .env, then repeat",
        )
    return _refusal(error, code, place)


def _refusal(error: BaseException, code: str, place: str) -> JanusError:
    if code in _NO_ROOM:
        return DiskFull(
            f"the graph store at {place} can't write: its disk is full",
            remedy="free space where Neo4j keeps its data, restart it, then repeat; nothing stored is lost",
        )
    if code in _MEMORY:
        return CapacityError(
            f"the graph store at {place} has too little memory for this",
            remedy="ask for less at once, or raise Neo4j's server.memory.heap.max_size (compose.yaml)",
        )
    if code.startswith("Neo.TransientError."):
        return StoreUnreachable(f"the graph store at {place} is busy ({code})", remedy="wait a moment, then repeat")
    message = getattr(error, "message", None) or str(error)
    return StoreFailed(
        f"the graph store at {place} refused: {message}", remedy="run `janus doctor`, and mend what it finds"
    )


def query_error(error: ClientError, place: str, *, lines_before: int = 0) -> JanusError:
    """Our error for a query that somebody wrote, before which we put so many lines: it is theirs to mend."""
    code = error.code or ""
    if code == _READ_ONLY or isinstance(error, Forbidden):
        return UserError(
            "this query would change something, which is not allowed here", remedy="add --write, if you mean it"
        )
    if code == _TIMED_OUT:
        return UserError("this query took too long and was stopped", remedy="ask for less at once, such as with LIMIT")
    if code.startswith(_LEFT_OUT):
        told = _PLACE.sub(lambda at: f"(line {int(at[1]) - lines_before}, {at[2]})", error.message or code)
        return UserError(f"the query is wrong: {told}", remedy="correct the query, then repeat")
    return graph_error(error, place)
