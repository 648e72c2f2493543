"""Entities and relations from one graph store into another."""

from __future__ import annotations

from janus_lab.migration.side import Side, Tell
from janus_lab.values.graph import Entity, Relation

_AT_ONCE = 1000


def copy_graph(source: Side, target: Side, tell: Tell) -> None:
    """Carry the graph of every collection over; what is there is written again, which changes nothing."""
    total = sum(source.graph.totals())
    done = 0
    tell("graph", done, total)
    for collection in source.collections():
        if source.graph.totals(collection) == target.graph.totals(collection):
            done += sum(source.graph.totals(collection))
            continue
        entities: list[Entity] = []
        relations: list[Relation] = []
        for item in source.graph.iterate(collection):
            (entities if isinstance(item, Entity) else relations).append(item)  # type: ignore[arg-type]  # one of the two
            if len(entities) + len(relations) >= _AT_ONCE:
                target.graph.upsert(collection, entities, relations)
                done += len(entities) + len(relations)
                entities, relations = [], []
                tell("graph", done, total)
        target.graph.upsert(collection, entities, relations)
        done += len(entities) + len(relations)
    tell("graph", done, total)
