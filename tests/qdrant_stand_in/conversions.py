"""qdrant-client's models to the engine's types, and back. What is not known here is refused, never passed over."""

from __future__ import annotations

import uuid
from typing import Any

import qdrant_edge as edge
from qdrant_client import models as m

from qdrant_stand_in.refusal import Refused

_DISTANCES = {
    m.Distance.COSINE: edge.Distance.Cosine,
    m.Distance.DOT: edge.Distance.Dot,
    m.Distance.EUCLID: edge.Distance.Euclid,
    m.Distance.MANHATTAN: edge.Distance.Manhattan,
}
_SCHEMAS = {
    m.PayloadSchemaType.KEYWORD: edge.PayloadSchemaType.Keyword,
    m.PayloadSchemaType.FLOAT: edge.PayloadSchemaType.Float,
}
_NEVER = 2**40


def config(request: m.CreateCollection) -> edge.EdgeConfig:
    """How a new collection's shard is made; a graph of neighbours it never has."""
    vectors = request.vectors or {}
    if not isinstance(vectors, dict):
        raise Refused(400, "the stand-in knows named vectors only")
    return edge.EdgeConfig(
        vectors={n: edge.EdgeVectorParams(size=v.size, distance=_DISTANCES[v.distance]) for n, v in vectors.items()},
        sparse_vectors={
            n: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf if v.modifier is m.Modifier.IDF else None)
            for n, v in (request.sparse_vectors or {}).items()
        },
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=_NEVER),
        wal_enabled=True,
    )


def point(given: m.PointStruct) -> edge.Point:
    """A point as the engine takes it."""
    if not isinstance(given.vector, dict):
        raise Refused(400, "Wrong input: Not existing vector name error: ")
    return edge.Point(given.id, {name: vector(v) for name, v in given.vector.items()}, given.payload or {})


def vector(given: Any) -> Any:
    """A dense or sparse vector as the engine takes it."""
    if isinstance(given, m.SparseVector):
        return edge.SparseVector(given.indices, given.values)
    if isinstance(given, list):
        return given
    raise Refused(400, f"the stand-in knows no vector of type {type(given).__name__}")


def vectors_out(given: Any) -> Any:
    """The vectors of a stored point as JSON."""
    if isinstance(given, dict):
        return {name: vectors_out(v) for name, v in given.items()}
    if isinstance(given, edge.SparseVector):
        return {"indices": list(given.indices), "values": list(given.values)}
    return None if given is None else list(given)


def id_out(given: Any) -> Any:
    """A point's id as JSON: an integer, or a UUID with hyphens."""
    return given if isinstance(given, int) else str(uuid.UUID(str(given)))


def schema(given: Any) -> edge.PayloadSchemaType:
    """The type of a payload index."""
    if given not in _SCHEMAS:
        raise Refused(400, f"the stand-in knows no index {given}")
    return _SCHEMAS[given]


def query(given: Any, using: str | None) -> edge.Query:
    """Nearest neighbours of a vector, the only kind of query here."""
    wanted = given.nearest if isinstance(given, m.NearestQuery) else given
    return edge.Query.Nearest(vector(wanted), using=using)


def params(given: m.SearchParams | None) -> edge.SearchParams:
    """How to search."""
    given = given or m.SearchParams()
    return edge.SearchParams(hnsw_ef=given.hnsw_ef, exact=bool(given.exact))


def filter_in(given: m.Filter | None) -> edge.Filter | None:
    """A filter as the engine takes it."""
    if given is None:
        return None
    if given.min_should is not None:
        raise Refused(400, "the stand-in knows no min_should")
    return edge.Filter(must=_all(given.must), should=_all(given.should), must_not=_all(given.must_not))


def _all(given: Any) -> list[Any] | None:
    if given is None:
        return None
    return [_condition(c) for c in (given if isinstance(given, list) else [given])]


def _condition(given: Any) -> Any:
    if isinstance(given, m.Filter):
        return filter_in(given)
    if isinstance(given, m.HasIdCondition):
        return edge.HasIdCondition(set(given.has_id))
    if not isinstance(given, m.FieldCondition):
        raise Refused(400, f"the stand-in knows no {type(given).__name__}")
    if isinstance(given.match, m.MatchValue):
        return edge.FieldCondition(given.key, match=edge.MatchValue(given.match.value))
    if isinstance(given.match, m.MatchAny):
        return edge.FieldCondition(given.key, match=edge.MatchAny(given.match.any))
    if isinstance(given.range, m.Range):
        r = given.range
        return edge.FieldCondition(given.key, range=edge.RangeFloat(gte=r.gte, gt=r.gt, lte=r.lte, lt=r.lt))
    raise Refused(400, "the stand-in knows match value, match any and range")
