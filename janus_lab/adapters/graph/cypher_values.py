"""What a Cypher query returns, as plain values: strings, numbers, lists and mappings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neo4j.graph import Node, Path, Relationship
from neo4j.spatial import Point
from neo4j.time import Date, DateTime, Duration, Time


def plain(value: Any) -> Any:
    """A value without the driver's types: times as ISO 8601, points by coordinates, bytes in hexadecimal digits."""
    for kinds, made in _MADE:
        if isinstance(value, kinds):
            return made(value)
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def _node(value: Node) -> dict[str, Any]:
    return {"labels": sorted(value.labels), "properties": plain(dict(value.items()))}


def _relationship(value: Relationship) -> dict[str, Any]:
    return {"type": value.type, "properties": plain(dict(value.items()))}


def _path(value: Path) -> dict[str, Any]:
    return {"nodes": [*map(_node, value.nodes)], "relations": [*map(_relationship, value.relationships)]}


def _point(value: Point) -> dict[str, Any]:
    return {"srid": value.srid, "coordinates": list(value)}


_MADE: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Node, _node),
    (Relationship, _relationship),
    (Path, _path),
    (Point, _point),
    ((Date, DateTime, Time, Duration), lambda value: value.iso_format()),
    ((bytes, bytearray), lambda value: value.hex()),
)
