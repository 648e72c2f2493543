"""Everything that the stores of a lab hold, told in terms that are the same in every deployment: by ids, and by counts."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from janus_lab.adapters.relational import schema
from janus_lab.adapters.relational.database import connected
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.values.codec import to_json

TABLES = ("document", "version", "text_block", "chunk", "doc_term", "source", "embedding")


def holdings(settings: Settings) -> dict[str, Any]:
    """Documents, chunks, stamps, points, objects, the graph, and the rows of tables. Nobody else may own these stores now.

    Left out are times, and the ledger: another deployment may cut the same ingest into other shares.
    """
    with ExitStack() as stores:

        def opened(port: str, setting: str) -> Any:
            url = settings.url(setting)
            return stores.enter_context(factory(port, url)(url))

        documents = opened("documents", "relational_url")
        vectors = opened("vectors", "vectors_url")
        graph = opened("graph", "graph_url")
        found = {document.id: document for document in documents.iterate()}
        origins = [document.origin for document in found.values()]
        stamps = opened("sources", "relational_url").stamps(settings.collection, origins)
        return {
            "documents": {name: to_json(replace(document, ingested_at=0.0)) for name, document in found.items()},
            "chunks": documents.chunk_ids(list(found)),
            "stamps": {origin: (stamp.size, stamp.content_hash) for origin, stamp in stamps.items()},
            "points": {name: (vectors.ids(name), vectors.count(name)) for name in vectors.collections()},
            "objects": sorted(opened("objects", "objects_url").keys()),
            "graph": sorted(graph.iterate(settings.collection), key=lambda one: one.id),
            "graph totals": graph.totals(),
            "rows": rows(settings.url("relational_url")),
        }


def rows(relational_url: str) -> dict[str, int]:
    """How many rows each table has."""
    with connected(relational_url) as database, database.read() as connection:
        counted = {name: select(func.count()).select_from(schema.metadata.tables[name]) for name in TABLES}
        return {name: connection.execute(query).scalar_one() for name, query in counted.items()}
