"""What each request does: a model in, a model's fields out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import qdrant_edge as edge
from qdrant_client import models as m

from qdrant_stand_in import conversions as to
from qdrant_stand_in.refusal import Refused
from qdrant_stand_in.shards import Collection, Shards

_DEFAULT_LIMIT = 10
_DONE = {"operation_id": 1, "status": "completed"}


class Answers:
    """The requests that Janus Lab makes."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    def collections(self, _: None) -> Any:
        return {"collections": [{"name": name} for name in self._shards.names()]}

    def collection(self, _: None, name: str) -> Any:
        with self._locked(name) as found:
            info = found.shard.info()
            schema = {
                key: {"data_type": str(value.data_type).rpartition(".")[2].lower(), "points": value.points}
                for key, value in info.payload_schema.items()
            }
        config = found.config
        params = {"vectors": config.vectors, "sparse_vectors": config.sparse_vectors, "shard_number": 1}
        return {
            "status": "green",
            "optimizer_status": "ok",
            "points_count": info.points_count,
            "indexed_vectors_count": info.indexed_vectors_count,
            "segments_count": info.segments_count,
            "payload_schema": schema,
            "config": {
                "params": params,
                "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
                "optimizer_config": {"default_segment_number": 0, "flush_interval_sec": 5},
                "quantization_config": config.quantization_config,
            },
        }

    def exists(self, _: None, name: str) -> Any:
        return {"exists": name in self._shards.names() or name in self._shards.aliases}

    def create(self, body: m.CreateCollection, name: str) -> Any:
        self._shards.create(name, body)
        return True

    def drop(self, _: None, name: str) -> Any:
        return self._shards.drop(name)

    def aliases(self, _: None) -> Any:
        return {"aliases": [{"alias_name": a, "collection_name": c} for a, c in sorted(self._shards.aliases.items())]}

    def aliases_of(self, _: None, name: str) -> Any:
        self._shards.get(name)
        mine = sorted(a for a, c in self._shards.aliases.items() if c == name)
        return {"aliases": [{"alias_name": a, "collection_name": name} for a in mine]}

    def change_aliases(self, body: m.ChangeAliasesOperation) -> Any:
        self._shards.change_aliases(body.actions)
        return True

    def index(self, body: m.CreateFieldIndex, name: str) -> Any:
        with self._locked(name) as found:
            found.shard.update(edge.UpdateOperation.create_field_index(body.field_name, to.schema(body.field_schema)))
        return _DONE

    def upsert(self, body: Any, name: str) -> Any:
        if not isinstance(body, m.PointsList):
            raise Refused(400, "the stand-in takes lists of points")
        with self._locked(name) as found:
            found.shard.update(edge.UpdateOperation.upsert_points([to.point(p) for p in body.points]))
        return _DONE

    def delete(self, body: Any, name: str) -> Any:
        if not isinstance(body, m.PointIdsList):
            raise Refused(400, "the stand-in deletes points by their ids")
        with self._locked(name) as found:
            found.shard.update(edge.UpdateOperation.delete_points(body.points))
        return _DONE

    def retrieve(self, body: m.PointRequest, name: str) -> Any:
        with_payload = True if body.with_payload is None else body.with_payload
        with self._locked(name) as found:
            return [_record(r) for r in found.shard.retrieve(body.ids, with_payload, body.with_vector or False)]

    def scroll(self, body: m.ScrollRequest, name: str) -> Any:
        request = edge.ScrollRequest(
            offset=body.offset,
            limit=body.limit or _DEFAULT_LIMIT,
            filter=to.filter_in(body.filter),
            with_payload=True if body.with_payload is None else body.with_payload,
            with_vector=body.with_vector or False,
        )
        with self._locked(name) as found:
            points, following = found.shard.scroll(request)
        offset = None if following is None else to.id_out(following)
        return {"points": [_record(p) for p in points], "next_page_offset": offset}

    def count(self, body: m.CountRequest, name: str) -> Any:
        with self._locked(name) as found:
            request = edge.CountRequest(exact=bool(body.exact), filter=to.filter_in(body.filter))
            return {"count": found.shard.count(request)}

    def facet(self, body: m.FacetRequest, name: str) -> Any:
        with self._locked(name) as found:
            if body.key not in found.shard.info().payload_schema:
                raise Refused(400, f'Bad request: Index required but not found for "{body.key}"')
            hits = found.shard.facet(
                edge.FacetRequest(body.key, limit=body.limit or _DEFAULT_LIMIT, exact=bool(body.exact))
            ).hits
        return {"hits": [{"value": hit.value, "count": hit.count} for hit in hits]}

    def query_batch(self, body: m.QueryRequestBatch, name: str) -> Any:
        return [self.query(search, name) for search in body.searches]

    def query(self, body: m.QueryRequest, name: str) -> Any:
        if body.prefetch or body.lookup_from:
            raise Refused(400, "the stand-in knows no prefetch")
        request = edge.QueryRequest(
            limit=body.limit or _DEFAULT_LIMIT,
            offset=body.offset,
            query=to.query(body.query, body.using),
            filter=to.filter_in(body.filter),
            params=to.params(body.params),
            score_threshold=body.score_threshold,
            with_payload=body.with_payload or False,
            with_vector=body.with_vector or False,
        )
        with self._locked(name) as found:
            points = found.shard.query(request)
        return {"points": [{**_record(p), "score": p.score, "version": p.version} for p in points]}

    @contextmanager
    def _locked(self, name: str) -> Iterator[Collection]:
        found = self._shards.get(name)
        with found.lock:
            yield found


def _record(given: Any) -> dict[str, Any]:
    return {"id": to.id_out(given.id), "payload": given.payload, "vector": to.vectors_out(given.vector)}
