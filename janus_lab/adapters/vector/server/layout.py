"""How a generation is laid out on the server, and how it is asked."""

from __future__ import annotations

from collections.abc import Sequence

from qdrant_client import QdrantClient, models

from janus_lab.adapters.vector.payload import Clauses, OneOf, Within
from janus_lab.adapters.vector.server.address import Address

DENSE, SPARSE = "dense", "sparse"

EXACT_POINTS = 100_000
"""Up to so many points every embedding is compared: that takes milliseconds, and misses nothing."""
_EF = 512
"""How many candidates a search through the graph of neighbours keeps beyond that. Of 100,000 clustered embeddings it finds
all of the best ten and 0.96 of the best hundred (256 finds 0.89), in 0.6 of the time that comparing all of them takes."""
_OVERSAMPLING = 2.0
_QUANTILE = 0.99


def create(client: QdrantClient, name: str, dimensions: int, address: Address) -> bool:
    """Make an empty collection. One shard: the IDF of words is counted by shard, and rankings would depend on their number."""
    int8 = models.ScalarQuantization(
        scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=_QUANTILE, always_ram=True)
    )
    return client.create_collection(
        name,
        vectors_config={DENSE: models.VectorParams(size=dimensions, distance=models.Distance.COSINE)},
        sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
        shard_number=1,
        quantization_config=int8 if address.quantized else None,
        timeout=address.timeout_seconds,
    )


def dimensions(info: models.CollectionInfo) -> int:
    """How many numbers an embedding of this collection has."""
    vectors = info.config.params.vectors
    return vectors[DENSE].size if isinstance(vectors, dict) and DENSE in vectors else 0


def dense_query(
    embedding: Sequence[float], depth: int, only: models.Filter | None, *, points: int
) -> models.QueryRequest:
    """The points nearest to an embedding: exactly, or by the graph where there are many."""
    if points <= EXACT_POINTS:
        # Named, because exact alone does not say that quantized numbers are left aside.
        params = models.SearchParams(exact=True, quantization=models.QuantizationSearchParams(ignore=True))
    else:
        rescored = models.QuantizationSearchParams(rescore=True, oversampling=_OVERSAMPLING)
        params = models.SearchParams(hnsw_ef=max(_EF, depth), quantization=rescored)
    nearest = models.NearestQuery(nearest=list(embedding))
    return models.QueryRequest(
        query=nearest, using=DENSE, filter=only, params=params, limit=depth, with_payload=False, with_vector=False
    )


def sparse_query(words: models.SparseVector, depth: int, only: models.Filter | None) -> models.QueryRequest:
    """The points that share words: always exact."""
    nearest = models.NearestQuery(nearest=words)
    return models.QueryRequest(
        query=nearest, using=SPARSE, filter=only, limit=depth, with_payload=False, with_vector=False
    )


def filter_of(clauses: Clauses) -> models.Filter | None:
    """Clauses in the server's words; None where there are none."""
    if clauses == Clauses():
        return None
    return models.Filter(
        must=[_field(c) for c in clauses.must] or None, must_not=[_field(c) for c in clauses.must_not] or None
    )


def _field(clause: OneOf | Within) -> models.FieldCondition:
    if isinstance(clause, Within):
        return models.FieldCondition(key=clause.key, range=models.Range(gte=clause.low, lte=clause.high))
    return models.FieldCondition(key=clause.key, match=models.MatchAny(any=list(clause.texts)))
