"""Texts, spans and chunks out of their blocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, tuple_

from janus_lab.adapters.documents import blocks
from janus_lab.adapters.relational.batches import batches
from janus_lab.adapters.relational.schema import chunk, document, text_block, version
from janus_lab.values.chunk import Chunk

_BLOCKS_AT_ONCE = 400


def whole_text(connection: Connection, number: int) -> str:
    """All text of version `number`."""
    query = select(text_block.c.text).where(text_block.c.version == number).order_by(text_block.c.number)
    return "".join(blocks.unpack(block) for block in connection.scalars(query))


def span(connection: Connection, number: int, start: int, end: int) -> str:
    """Characters `start`–`end` of version `number`, within its bounds."""
    wanted = blocks.numbers(start, end)
    held = _blocks(connection, {(number, n) for n in wanted})
    return blocks.cut(held[number], start, end)


def published_chunks(connection: Connection, chunk_ids: Sequence[str]) -> list[Chunk]:
    """The chunks of published versions among these, in the order asked, with their text."""
    query = (
        select(chunk, version.c.id.label("version_id"), version.c.document_id)
        .join(document, document.c.version == chunk.c.version)
        .join(version, version.c.number == chunk.c.version)
    )
    rows: dict[str, Row[Any]] = {}
    for batch in batches(chunk_ids):
        rows.update((row.id, row) for row in connection.execute(query.where(chunk.c.id.in_(batch))))
    held = _blocks(connection, {(r.version, n) for r in rows.values() for n in blocks.numbers(r.start, r.end)})
    return [_chunk(rows[i], held[rows[i].version]) for i in chunk_ids if i in rows]


def published_chunk_ids(connection: Connection, document_ids: Collection[str]) -> dict[str, list[str]]:
    """Chunk ids of each published document among these, in order."""
    found: dict[str, list[str]] = {}
    query = select(document.c.id, chunk.c.id).join(chunk, chunk.c.version == document.c.version, isouter=True)
    for batch in batches(document_ids):
        rows = connection.execute(query.where(document.c.id.in_(batch)).order_by(document.c.id, chunk.c.ordinal))
        for document_id, chunk_id in rows:
            ids = found.setdefault(document_id, [])
            if chunk_id is not None:
                ids.append(chunk_id)
    return found


def _blocks(connection: Connection, keys: Iterable[tuple[int, int]]) -> defaultdict[int, dict[int, str]]:
    """The blocks of those versions and numbers, each unpacked once."""
    held: defaultdict[int, dict[int, str]] = defaultdict(dict)
    remaining = sorted(keys)
    key = tuple_(text_block.c.version, text_block.c.number)
    while remaining:
        batch, remaining = remaining[:_BLOCKS_AT_ONCE], remaining[_BLOCKS_AT_ONCE:]
        for row in connection.execute(select(text_block).where(key.in_(batch))):
            held[row.version][row.number] = blocks.unpack(row.text)
    return held


def _chunk(row: Row[Any], held: dict[int, str]) -> Chunk:
    return Chunk(
        id=row.id,
        document_id=row.document_id,
        version_id=row.version_id,
        ordinal=row.ordinal,
        start=row.start,
        end=row.end,
        page=row.page,
        heading=row.heading,
        text=blocks.cut(held, row.start, row.end),
    )
