"""Ways through the embedded graph, one statement a hop."""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection

from sqlalchemy import Connection

from janus_lab.values.graph import Path

_NUMBERS = "SELECT number, id FROM entity WHERE collection = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY id"
_NEXT = """
SELECT number, id FROM entity WHERE number IN (
    SELECT target FROM relation WHERE source IN (SELECT value FROM json_each(:at))
    UNION SELECT source FROM relation WHERE target IN (SELECT value FROM json_each(:at))
    EXCEPT SELECT value FROM json_each(:seen))
ORDER BY id LIMIT :limit"""
_PAIRS = """
SELECT source, target FROM relation WHERE source IN (SELECT value FROM json_each(:at))
UNION SELECT target, source FROM relation WHERE target IN (SELECT value FROM json_each(:at))
ORDER BY 1, 2"""
_BETWEEN = """
SELECT min(id) FROM relation
WHERE (source = :one AND target = :other) OR (source = :other AND target = :one)"""


def distances(
    connection: Connection, collection: str, ids: Collection[str], *, hops: int, limit: int
) -> dict[int, tuple[str, int]]:
    """Entities' numbers with id and distance, nearest first and by id among equals, at most `limit`."""
    at = numbers(connection, collection, ids)[: max(limit, 0)]
    found = {number: (name, 0) for number, name in at}
    for hop in range(1, hops + 1):
        if not at or len(found) >= limit:
            break
        parameters = {
            "at": json.dumps([number for number, _ in at]),
            "seen": json.dumps(list(found)),
            "limit": limit - len(found),
        }
        at = [(row[0], row[1]) for row in connection.exec_driver_sql(_NEXT, parameters)]
        found.update((number, (name, hop)) for number, name in at)
    return found


def shortest_path(connection: Connection, collection: str, source: str, target: str, most_hops: int) -> Path | None:
    """A shortest way, looked for from both ends, the smaller front first."""
    ends = {name: number for number, name in numbers(connection, collection, {source, target})}
    if source not in ends or target not in ends:
        return None
    # For each entity that a front has reached, the one it was reached from.
    came: tuple[dict[int, int], dict[int, int]] = ({ends[source]: 0}, {ends[target]: 0})
    fronts = [[ends[source]], [ends[target]]]
    meeting = ends[source] if source == target else None
    for _ in range(most_hops):
        if meeting is not None or not all(fronts):
            break
        side = 0 if len(fronts[0]) <= len(fronts[1]) else 1
        fronts[side] = _further(connection, fronts[side], came[side])
        meeting = next((number for number in fronts[side] if number in came[1 - side]), None)
    return None if meeting is None else _joined(connection, came, meeting)


def numbers(connection: Connection, collection: str, ids: Collection[str]) -> list[tuple[int, str]]:
    """Number and id of those entities that are there, by id."""
    wanted = json.dumps(list(ids), ensure_ascii=False)
    return [(row[0], row[1]) for row in connection.exec_driver_sql(_NUMBERS, (collection, wanted))]


def _further(connection: Connection, front: list[int], came: dict[int, int]) -> list[int]:
    reached = []
    for here, there in connection.exec_driver_sql(_PAIRS, {"at": json.dumps(front)}):
        if there not in came:
            came[there] = here
            reached.append(there)
    return reached


def _joined(connection: Connection, came: tuple[dict[int, int], dict[int, int]], meeting: int) -> Path:
    first, last = (_back(side, meeting) for side in came)
    way = [*reversed(first), *last[1:]]
    rows = connection.exec_driver_sql(
        "SELECT number, id FROM entity WHERE number IN (SELECT value FROM json_each(?))", (json.dumps(way),)
    )
    names = {row[0]: row[1] for row in rows}
    steps = [
        connection.exec_driver_sql(_BETWEEN, {"one": one, "other": other}).scalar_one()
        for one, other in itertools.pairwise(way)
    ]
    return Path(tuple(names[number] for number in way), tuple(steps))


def _back(came: dict[int, int], meeting: int) -> list[int]:
    way = [meeting]
    while came[way[-1]]:
        way.append(came[way[-1]])
    return way
