"""Queries that somebody wrote: read-only unless it is said otherwise, bounded in rows and time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from neo4j import READ_ACCESS, WRITE_ACCESS
from neo4j.exceptions import ClientError

from janus_lab.adapters.graph.cypher_values import plain
from janus_lab.adapters.graph.neo4j_errors import query_error, translated
from janus_lab.adapters.graph.neo4j_server import Server
from janus_lab.errors import UserError

_SECONDS = 60.0
_READS = "r"
_ASK = "EXPLAIN\n"
"""A line of its own, so that the server's excerpt of a wrong query holds nothing but the query."""
_REFUSED = ("LoadCSV", "TerminateTransactions")
"""Operators that change no data, and yet are no reading of the graph: files and URLs, other people's transactions."""


def run(server: Server, query: str, parameters: Mapping[str, Any], *, write: bool, limit: int) -> list[dict[str, Any]]:
    """At most `limit` rows as plain values. Raises UserError for a query that is wrong, not allowed or too slow."""
    if not write:
        _check(server, query, parameters)
    access = WRITE_ACCESS if write else READ_ACCESS
    with (
        _theirs(server),
        server.driver.session(database=server.database, default_access_mode=access, fetch_size=1000) as session,
        session.begin_transaction(timeout=_SECONDS) as transaction,
    ):
        result = transaction.run(query, dict(parameters))
        found = [dict(zip(record.keys(), map(plain, record.values()), strict=True)) for record in result.fetch(limit)]
        result.consume()
        if write:
            transaction.commit()
        return found


def _check(server: Server, query: str, parameters: Mapping[str, Any]) -> None:
    """Ask the server what the query would do, before it does it."""
    with (
        _theirs(server, lines_before=_ASK.count("\n")),
        server.driver.session(database=server.database, default_access_mode=READ_ACCESS) as session,
    ):
        summary = session.run(f"{_ASK}{query}", dict(parameters)).consume()
    if summary.query_type != _READS or _refused(summary.plan or {}):
        raise UserError(
            "this query would change something, or reach beyond the graph, which is not allowed here",
            remedy="add --write, if you mean it",
        )


def _refused(plan: Mapping[str, Any]) -> bool:
    return plan.get("operatorType", "").startswith(_REFUSED) or any(map(_refused, plan.get("children", ())))


@contextmanager
def _theirs(server: Server, *, lines_before: int = 0) -> Iterator[None]:
    """Errors within are about a query before which so many lines of ours stand."""
    with translated(server.place):
        try:
            yield
        except ClientError as error:
            raise query_error(error, server.place, lines_before=lines_before) from error
        except (TypeError, ValueError) as error:
            raise UserError(
                f"a parameter can't be sent: {error}", remedy="give text, numbers, or lists of them"
            ) from error
