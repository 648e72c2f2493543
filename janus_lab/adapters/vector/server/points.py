"""Requests about the points of one generation, by its name on the server; each is one round trip."""

from __future__ import annotations

from typing import Any

from qdrant_client import models

from janus_lab.adapters.vector.point_ids import chunk_id
from janus_lab.adapters.vector.server.client import Server
from janus_lab.values.vector import ScoredPoint

# The same on one server; in a cluster it keeps changes of one point in order.
_STRONG = models.WriteOrdering.STRONG


class Points:
    """Reads and writes points; every write is confirmed before it returns."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def put(self, physical: str, batch: list[models.PointStruct]) -> None:
        """Add or replace points."""
        self._server.write(lambda q: q.upsert(physical, batch, wait=True, ordering=_STRONG))

    def take(self, physical: str, ids: list[Any]) -> None:
        """Remove points."""
        selected = models.PointIdsList(points=ids)
        self._server.write(lambda q: q.delete(physical, selected, wait=True, ordering=_STRONG))

    def page(self, physical: str, offset: Any, limit: int) -> tuple[list[models.Record], Any]:
        """The points from `offset` on, without what they hold, and where the next page begins."""
        return self._server.ask(
            lambda q: q.scroll(physical, limit=limit, offset=offset, with_payload=False, with_vectors=False)
        )

    def records(self, physical: str, ids: list[Any], with_vectors: Any) -> list[models.Record]:
        """Those of these points that are there."""
        return self._server.ask(lambda q: q.retrieve(physical, ids, with_payload=False, with_vectors=with_vectors))

    def count(self, physical: str) -> int:
        """How many points there are."""
        return self._server.ask(lambda q: q.count(physical, exact=True)).count

    def texts(self, physical: str, key: str) -> list[str]:
        """Every text that stands under an indexed key."""
        most = self.count(physical) + 1
        hits = self._server.ask(lambda q: q.facet(physical, key, limit=most, exact=True)).hits
        return [str(hit.value) for hit in hits]

    def rankings(self, physical: str, requests: list[models.QueryRequest]) -> list[list[ScoredPoint]]:
        """A ranking for each request, all in one round trip."""
        answers = self._server.ask(lambda q: q.query_batch_points(physical, requests)) if requests else []
        return [[ScoredPoint(chunk_id(p.id), p.score) for p in answer.points] for answer in answers]
