"""Writing versions that nobody sees yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert, select

from janus_lab.adapters.documents import blocks, boxes
from janus_lab.adapters.relational.batches import batches, keeping
from janus_lab.adapters.relational.schema import chunk, text_block, version
from janus_lab.values.version import Version

_AT_ONCE = 50


def stage(connection: Connection, versions: Sequence[Version]) -> None:
    """Write those of the versions that are not there."""
    wanted = {v.document.version_id: v for v in versions}
    known = version_numbers(connection, wanted)
    # In one order, so that two who stage the same versions can't wait for each other.
    fresh = [wanted[version_id] for version_id in sorted(wanted) if version_id not in known]
    if not fresh:
        return
    added = keeping(connection, version).returning(version.c.id, version.c.number)
    # Whoever staged one of them a moment ago has written its text as well.
    numbers = {row.id: row.number for row in connection.execute(added, [_version_row(v) for v in fresh])}
    remaining = ((numbers[i], wanted[i]) for i in numbers)
    while some := list(islice(remaining, _AT_ONCE)):
        _insert(connection, text_block, [row for number, v in some for row in _block_rows(number, v)])
        _insert(connection, chunk, [row for number, v in some for row in _chunk_rows(number, v)])


def version_numbers(connection: Connection, version_ids: Iterable[str]) -> dict[str, int]:
    """The numbers of those versions that are there."""
    numbers: dict[str, int] = {}
    for batch in batches(list(version_ids)):
        for row in connection.execute(select(version.c.id, version.c.number).where(version.c.id.in_(batch))):
            numbers[row.id] = row.number
    return numbers


def _insert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _version_row(v: Version) -> dict[str, Any]:
    return {
        "id": v.document.version_id,
        "document_id": v.document.id,
        "characters": len(v.parsed.text),
        "pages": [astuple(page) for page in v.parsed.pages],
        "boxes": boxes.pack(v.parsed.boxes),
    }


def _block_rows(number: int, v: Version) -> list[dict[str, Any]]:
    return [{"version": number, "number": n, "text": block} for n, block in blocks.split(v.parsed.text)]


def _chunk_rows(number: int, v: Version) -> list[dict[str, Any]]:
    return [
        {
            "version": number,
            "ordinal": c.ordinal,
            "id": c.id,
            "start": c.start,
            "end": c.end,
            "page": c.page,
            "heading": c.heading,
        }
        for c in v.chunks
    ]
