"""A chunk as the vector store keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from janus_lab.ingest.chunker import text_of
from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Document
from janus_lab.values.metadata import flat_metadata
from janus_lab.values.vector import Point

if TYPE_CHECKING:
    from janus_lab.values.vector import Vector


def point_of(document: Document, chunk: Chunk, embedding: Vector) -> Point:
    """The point of a document's chunk: its embedding, its indexed text, and the document's metadata with its id."""
    # Metadata of the document's own must not pass for its id.
    payload = {**flat_metadata(document.metadata), "document_id": document.id}
    return Point(chunk.id, embedding, text_of(document, chunk), payload)
