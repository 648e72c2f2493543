"""What the graph is in Neo4j: typed nodes and relations, from which constraints, indexes and rows are made.

A key is a collection's hash and an id, so that one unique index finds a thing, walks a collection, and keeps it apart.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from neomodel import (
    ArrayProperty,
    FloatProperty,
    FulltextIndex,
    JSONProperty,
    RelationshipTo,
    StringProperty,
    StructuredNode,
    StructuredRel,
)
from neomodel.properties import Property

from janus_lab.values.graph import Entity, Relation
from janus_lab.values.ids import content_id

# Whole chunk ids are the words that are looked up.
_WHOLE = FulltextIndex(analyzer="keyword", eventually_consistent=False)
_LONGEST_ID = 500


class RelatedModel(StructuredRel):
    """A relation as a typed relationship."""

    key = StringProperty(unique_index=True)
    uid = StringProperty(db_property="id")
    kind = StringProperty()
    description = StringProperty()
    weight = FloatProperty()
    attributes = JSONProperty()
    chunk_ids = ArrayProperty(StringProperty(), fulltext_index=_WHOLE)


class EntityModel(StructuredNode):
    """An entity as a typed node."""

    __label__ = "Entity"

    key = StringProperty(unique_index=True)
    uid = StringProperty(db_property="id")
    collection = StringProperty()
    name = StringProperty()
    kind = StringProperty()
    description = StringProperty()
    attributes = JSONProperty()
    chunk_ids = ArrayProperty(StringProperty(), fulltext_index=_WHOLE)
    related = RelationshipTo("EntityModel", "RELATED", model=RelatedModel)


class CollectionModel(StructuredNode):
    """The mark of a collection's state: another one after every change."""

    __label__ = "JanusCollection"

    key = StringProperty(unique_index=True)
    mark = StringProperty()


class SchemaModel(StructuredNode):
    """Which version of constraints and indexes was installed."""

    __label__ = "JanusSchema"

    key = StringProperty(unique_index=True)
    version = StringProperty()


def _columns(model: Any) -> dict[str, tuple[str, Property[Any]]]:
    properties = model.defined_properties(aliases=False, rels=False)
    return {name: (prop.get_db_property_name(name), prop) for name, prop in properties.items()}


_ENTITY, _RELATION = _columns(EntityModel), _columns(RelatedModel)


def collection_key(collection: str) -> str:
    """What all keys of a collection begin with, and no others."""
    return content_id("graph collection", collection)


def key(collection_prefix: str, name: str) -> str:
    """The key of an entity or relation; one of an endless id still fits an index."""
    if len(name) > _LONGEST_ID:
        name = name[:_LONGEST_ID] + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return collection_prefix + name


def entity_row(collection: str, prefix: str, entity: Entity) -> dict[str, Any]:
    """The properties of an entity's node."""
    return _row(
        _ENTITY, {"key": key(prefix, entity.id), "collection": collection, **_shared(entity), "name": entity.name}
    )


def relation_row(prefix: str, relation: Relation) -> dict[str, Any]:
    """The properties of a relation, and the keys of its two ends."""
    values = {"key": key(prefix, relation.id), **_shared(relation), "weight": relation.weight}
    return {
        "key": values["key"],
        "source": key(prefix, relation.source),
        "target": key(prefix, relation.target),
        "values": _row(_RELATION, values),
    }


def entity_of(values: Mapping[str, Any]) -> Entity:
    """The entity that a node's properties are."""
    attributes = json.loads(values["attributes"])
    chunks = tuple(values["chunk_ids"])
    return Entity(values["id"], values["name"], values["kind"], values["description"], attributes, chunks)


def relation_of(source: str, target: str, values: Mapping[str, Any]) -> Relation:
    """The relation that a relationship's properties are."""
    attributes, chunks = json.loads(values["attributes"]), tuple(values["chunk_ids"])
    told = values["kind"], values["description"], values["weight"]
    return Relation(values["id"], source, target, *told, attributes, chunks)


def _shared(thing: Entity | Relation) -> dict[str, Any]:
    return {
        "uid": thing.id,
        "kind": thing.kind,
        "description": thing.description,
        "attributes": dict(thing.attributes),
        "chunk_ids": list(thing.chunk_ids),
    }


def _row(columns: Mapping[str, tuple[str, Property[Any]]], values: Mapping[str, Any]) -> dict[str, Any]:
    return {columns[name][0]: columns[name][1].deflate(value) for name, value in values.items()}
