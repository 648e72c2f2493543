"""Knowledge graph: entities, relations between them, and where both were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from janus_lab.values.metadata import Scalar


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing that documents speak of. `id` comes from its content; `chunk_ids` are the chunks that mention it."""

    id: str
    name: str
    kind: str = ""
    description: str = ""
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    chunk_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relation:
    """A directed edge between two entities; `weight` says how strong it is, `chunk_ids` are the chunks that state it."""

    id: str
    source: str
    target: str
    kind: str = ""
    description: str = ""
    weight: float = 1.0
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    chunk_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Entities around some others with their distance in hops, and the relations among all of them."""

    distances: Mapping[str, int]
    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A way through the graph: entity ids in order, and the relation between each two of them."""

    entity_ids: tuple[str, ...]
    relation_ids: tuple[str, ...]
