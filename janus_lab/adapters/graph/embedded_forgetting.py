"""Chunks that are gone, taken from what they support in the embedded graph."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import Connection


def forget_chunks(connection: Connection, collection: str, chunk_ids: Collection[str]) -> tuple[int, int]:
    """How many entities and relations these chunks supported, and how many of all went, within one transaction."""
    gone = set(chunk_ids)
    touched, lone = _forget(connection, "entity", collection, gone)
    lost = 0
    if lone:
        parameters = {"lone": json.dumps(lone)}
        lost = connection.exec_driver_sql(
            """DELETE FROM relation WHERE source IN (SELECT value FROM json_each(:lone))
                OR target IN (SELECT value FROM json_each(:lone))""",
            parameters,
        ).rowcount
        _delete(connection, "entity", lone)
    stated, unstated = _forget(connection, "relation", collection, gone)
    _delete(connection, "relation", unstated)
    return touched + stated, len(lone) + lost + len(unstated)


def _forget(connection: Connection, table: str, collection: str, gone: set[str]) -> tuple[int, list[int]]:
    """How many rows these chunks supported, and the numbers of those that nothing supports now."""
    query = f"""SELECT DISTINCT x.number, x.chunk_ids FROM {table}_chunk m JOIN {table} x ON x.number = m.number
        WHERE m.chunk IN (SELECT value FROM json_each(?)) AND x.collection = ?"""  # noqa: S608
    wanted = json.dumps(sorted(gone), ensure_ascii=False)
    rows = connection.exec_driver_sql(query, (wanted, collection)).all()
    left = {number: [chunk for chunk in json.loads(chunks) if chunk not in gone] for number, chunks in rows}
    kept = [(json.dumps(chunks, ensure_ascii=False), number) for number, chunks in left.items() if chunks]
    if kept:
        connection.exec_driver_sql(f"UPDATE {table} SET chunk_ids = ? WHERE number = ?", kept)  # noqa: S608
        connection.exec_driver_sql(
            f"""DELETE FROM {table}_chunk WHERE chunk IN (SELECT value FROM json_each(:gone))
                AND number IN (SELECT value FROM json_each(:kept))""",  # noqa: S608
            {"gone": wanted, "kept": json.dumps([number for _, number in kept])},
        )
    return len(left), [number for number, chunks in left.items() if not chunks]


def _delete(connection: Connection, table: str, numbers: list[int]) -> None:
    query = f"DELETE FROM {table} WHERE number IN (SELECT value FROM json_each(?))"  # noqa: S608
    connection.exec_driver_sql(query, (json.dumps(numbers),))
