"""What both graph stores ask of entities and relations before they write them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from janus_lab.errors import Defect
from janus_lab.values.graph import Entity, Relation


def prepared(
    entities: Sequence[Entity], relations: Sequence[Relation]
) -> tuple[list[Entity], list[Relation], set[str]]:
    """Each id once, its last value, in the order of ids; and the ids of entities that relations need beside these.

    Everybody writes in one order, so that two who write the same things wait for each other instead of blocking each other.
    Raises Defect for a weight that is no finite number of at least 0.
    """
    by_id = {entity.id: entity for entity in entities}
    edges = {relation.id: relation for relation in relations}
    for edge in edges.values():
        if not (math.isfinite(edge.weight) and edge.weight >= 0):
            raise Defect(f"relation {edge.id!r} has the weight {edge.weight}", remedy="please report this")
    ends = {end for edge in edges.values() for end in (edge.source, edge.target)}
    return [by_id[i] for i in sorted(by_id)], [edges[i] for i in sorted(edges)], ends - by_id.keys()


def absent(ids: set[str]) -> Defect:
    """The error for relations whose entities are neither stored nor given."""
    named = ", ".join(repr(i) for i in sorted(ids)[:3])
    return Defect(
        f"relations name {len(ids)} entities that are not there, such as {named}", remedy="please report this"
    )
