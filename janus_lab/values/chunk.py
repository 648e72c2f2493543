"""Chunks: retrievable spans of one document version."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """Characters `start`–`end` of one version's text (end exclusive), with the page where they begin.

    `id` derives from the document's id, the chunk's text and how often that text came before, so an edit elsewhere in the
    document leaves it as it was. `heading` is the path of section titles above the chunk, for context.
    """

    id: str
    document_id: str
    version_id: str
    ordinal: int
    start: int
    end: int
    page: int | None
    heading: str
    text: str
