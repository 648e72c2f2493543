"""Entities and relations from one graph store into another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from janus_lab.migration.side import Side, Tell
from janus_lab.values.graph import Entity, Relation

_AT_ONCE = 1000


def copy_graph(source: Side, target: Side, tell: Tell) -> None:
    """Carry the graph of every collection over; what is there is written again, which changes nothing."""
    amounts, there = source.graph.totals(), target.graph.totals()
    total = sum(map(sum, amounts.values()))
    done = 0
    tell("graph", done, total)
    for collection, amount in amounts.items():
        if there.get(collection) == amount:
            done += sum(amount)
            continue
        for batch in _batches(source.graph.iterate(collection)):
            entities = [item for item in batch if isinstance(item, Entity)]
            relations = [item for item in batch if isinstance(item, Relation)]
            target.graph.upsert(collection, entities, relations)
            done += len(batch)
            tell("graph", done, total)
    tell("graph", done, total)


def _batches(items: Iterator[Entity | Relation]) -> Iterator[list[Entity | Relation]]:
    """Entities come before relations, so a relation's ends are there when it is written."""
    while batch := list(islice(items, _AT_ONCE)):
        yield batch
