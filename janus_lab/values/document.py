"""Documents: sources as ingested, their immutable versions, and where on a page each character stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Page:
    """One page, slide or sheet: characters `start`–`end` of the version's text; size in points where the format has one."""

    number: int
    start: int
    end: int
    width: float | None = None
    height: float | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """Where characters `start`–`end` of a version's text stand on page `page`: a rectangle in points, origin top left."""

    page: int
    start: int
    end: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the characters it governs; `level` 1 is the outermost."""

    title: str
    level: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a reader makes of one source: the text that every span refers to, and its structure.

    `key` is the source's own name for the document inside a larger file (a JSONL line's `id`), else None.
    `warnings` are told to the user, e.g. "page 3 holds an image and no text (scanned?)".
    """

    text: str
    title: str
    media_type: str
    pages: tuple[Page, ...] = ()
    boxes: tuple[Box, ...] = ()
    sections: tuple[Section, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A source as ingested: the latest published version of what stands at `origin` in `collection`.

    `id` derives from collection and origin; `version_id` from the document's id, text and reader; `content_hash` is the
    SHA-256 of the original bytes, under which the object store keeps them. `origin` is a path relative to the project, an
    absolute path, or a URL; a document inside a larger file adds `#key`.
    """

    id: str
    collection: str
    origin: str
    title: str
    media_type: str
    content_hash: str
    version_id: str
    characters: int
    chunks: int
    pages: int
    metadata: Mapping[str, Any]
    ingested_at: float
    key: str | None = None


@dataclass(frozen=True, slots=True)
class SourceStamp:
    """What a file looked like when it was last ingested, so that an unchanged one is passed over without reading it.

    The first 32 digits of `content_hash` are those of the bytes' SHA-256, the others name how they were read and chunked.
    """

    origin: str
    size: int
    modified_ns: int
    content_hash: str
