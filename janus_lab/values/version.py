"""A version of a document with everything that is kept of it, ready to be staged."""

from __future__ import annotations

from dataclasses import dataclass

from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Document, ParsedDocument


@dataclass(frozen=True, slots=True)
class Version:
    """The document as it will be published, what its reader made of it, and the chunks (in order) cut from that text."""

    document: Document
    parsed: ParsedDocument
    chunks: tuple[Chunk, ...]
