"""The graph for direct use: queries in Cypher, where the store answers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from janus_lab.errors import UserError
from janus_lab.ports.graph import GraphStore, SupportsCypher


class GraphUse:
    """What a lab does with its graph. `_open_graph` opens the store at the first call and gives the same one ever after."""

    _open_graph: Callable[[], GraphStore]

    @property
    def graph(self) -> GraphStore:
        """The graph store, opened when it is first asked for."""
        return self._open_graph()

    def cypher(
        self, query: str, parameters: Mapping[str, Any] | None = None, *, write: bool = False, limit: int = 1000
    ) -> list[dict[str, Any]]:
        """At most `limit` rows of a query to the graph, as plain values; it may change something only with `write`.

        Raises UserError for a query that is wrong or not allowed, and where the graph is in no server that speaks Cypher.
        """
        store = self.graph
        if not isinstance(store, SupportsCypher):
            raise UserError(
                "the embedded graph has no Cypher, which is Neo4j's language",
                remedy="start Neo4j and set graph_url to it (see docs/stack.md), or use `lab.graph` from Python",
            )
        return store.cypher(query, parameters, write=write, limit=limit)
