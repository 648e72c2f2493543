"""Texts, spans and chunks out of their blocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from janus_lab.adapters.documents import blocks
from janus_lab.adapters.relational.batches import batches
from janus_lab.adapters.relational.schema import chunk, document, text_block, version
from janus_lab.values.chunk import Chunk

# One row for each block that a chunk touches: a look-up by key for each, where a list of keys would be a scan.
_CHUNKS_WITH_BLOCKS = (
    select(
        chunk,
        version.c.id.label("version_id"),
        version.c.document_id,
        text_block.c.number.label("block"),
        text_block.c.text.label("packed"),
    )
    .join(document, document.c.version == chunk.c.version)
    .join(version, version.c.number == chunk.c.version)
    .outerjoin(
        text_block,
        and_(
            text_block.c.version == chunk.c.version,
            text_block.c.number.between(
                chunk.c.start // blocks.BLOCK_CHARACTERS, (chunk.c.end - 1) // blocks.BLOCK_CHARACTERS
            ),
        ),
    )
)


def whole_text(connection: Connection, number: int) -> str:
    """All text of version `number`."""
    return whole_texts(connection, [number])[number]


def whole_texts(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """All text of each of these versions, by number; so many at once as one statement takes."""
    query = select(text_block.c.version, text_block.c.text).where(text_block.c.version.in_(numbers))
    pieces: dict[int, list[str]] = {number: [] for number in numbers}
    for number, block in connection.execute(query.order_by(text_block.c.version, text_block.c.number)):
        pieces[number].append(blocks.unpack(block))
    return {number: "".join(found) for number, found in pieces.items()}


def span(connection: Connection, number: int, start: int, end: int) -> str:
    """Characters `start`–`end` of version `number`, within its bounds."""
    wanted = blocks.numbers(start, end)
    held = text_block.c.version == number, text_block.c.number.between(wanted.start, wanted.stop - 1)
    rows = connection.execute(select(text_block.c.number, text_block.c.text).where(*held))
    return blocks.cut({n: blocks.unpack(block) for n, block in rows}, start, end)


def published_chunks(connection: Connection, chunk_ids: Sequence[str]) -> list[Chunk]:
    """The chunks of published versions among these, in the order asked, with their text."""
    found: dict[str, Row[Any]] = {}
    held: defaultdict[int, dict[int, str]] = defaultdict(dict)
    for batch in batches(chunk_ids):
        for row in connection.execute(_CHUNKS_WITH_BLOCKS.where(chunk.c.id.in_(batch))):
            found[row.id] = row
            texts = held[row.version]
            if row.block is not None and row.block not in texts:
                texts[row.block] = blocks.unpack(row.packed)
    return [_chunk(found[i], held[found[i].version]) for i in chunk_ids if i in found]


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
