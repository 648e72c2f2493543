"""Text to chunks: exact spans that end, where they can, with a section, paragraph, sentence, line or word."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from janus_lab.ingest.sentences import sentence_spans
from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Document, ParsedDocument, Section
from janus_lab.values.ids import content_id

HEADING_SEPARATOR = " › "
_LINED = ("text/x-source", "application/json")
_PARAGRAPH = re.compile(r"\n\s*\n\s*")
_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class ChunkSize:
    """At most `characters` a chunk; a chunk repeats up to `overlap` characters (a quarter at most) of the one before it."""

    characters: int = 1000
    overlap: int = 100

    def __str__(self) -> str:
        return f"{self.characters}/{self.overlap}"


def indexed_text(title: str, heading: str, text: str) -> str:
    """What the embedding model and the word index get for a chunk: the document's title and the headings above, then its text."""
    above = [part for part in (title, *heading.split(HEADING_SEPARATOR)) if part]
    above = [part for index, part in enumerate(above) if part not in above[:index]]
    return "\n".join((HEADING_SEPARATOR.join(above), text)) if above else text


def chunk_text(parsed: ParsedDocument, document_id: str, version_id: str, size: ChunkSize) -> list[Chunk]:
    """The chunks of a document, in order; every character that is not blank is in at least one.

    Ids derive from the document, from what is indexed of the chunk (title, headings, text) and from how often that came
    before, so that an edit leaves the ids of everything it does not reach.
    """
    starts = [page.start for page in parsed.pages]
    headings = _HeadingPaths(parsed.sections)
    seen: Counter[str] = Counter()
    chunks: list[Chunk] = []
    for start, end in _spans(parsed, size):
        text, heading = parsed.text[start:end], headings.above(start, end)
        indexed = indexed_text(parsed.title, heading, text)
        chunk_id = content_id("chunk", document_id, indexed, str(seen[indexed]))
        seen[indexed] += 1
        page = parsed.pages[max(bisect_right(starts, start) - 1, 0)].number if starts else None
        chunks.append(Chunk(chunk_id, document_id, version_id, len(chunks), start, end, page, heading, text))
    return chunks


def text_of(document: Document | ParsedDocument, chunk: Chunk) -> str:
    """`indexed_text` of a chunk of `document`."""
    return indexed_text(document.title, chunk.heading, chunk.text)


class _HeadingPaths:
    """Which section titles stand above a span: those of the sections that hold all of it."""

    def __init__(self, sections: tuple[Section, ...]) -> None:
        self._sections = sections
        self._starts = [section.start for section in sections]
        self._parents: list[int] = []
        stack: list[int] = []
        for index, section in enumerate(sections):
            while stack and sections[stack[-1]].end <= section.start:
                stack.pop()
            self._parents.append(stack[-1] if stack else -1)
            stack.append(index)

    def above(self, start: int, end: int) -> str:
        index = bisect_right(self._starts, start) - 1
        path: list[str] = []
        while index >= 0:
            section = self._sections[index]
            if section.end >= end and section.title:
                path.append(section.title)
            index = self._parents[index]
        return HEADING_SEPARATOR.join(reversed(path))


@dataclass(frozen=True, slots=True)
class _Boundaries:
    """Where a chunk may begin, from the best kind of place to the least; each sorted."""

    sections: list[int]
    paragraphs: list[int]
    sentences: list[int]
    lines: list[int]

    @classmethod
    def of(cls, parsed: ParsedDocument) -> _Boundaries:
        text = parsed.text
        lined = parsed.media_type in _LINED
        return cls(
            sections=sorted({section.start for section in parsed.sections}),
            paragraphs=[match.end() for match in _PARAGRAPH.finditer(text)],
            sentences=[] if lined else [start for start, _ in sentence_spans(text)],
            lines=[match.end() for match in re.finditer("\n", text)],
        )


def _spans(parsed: ParsedDocument, size: ChunkSize) -> Iterator[tuple[int, int]]:
    text = parsed.text
    boundaries = _Boundaries.of(parsed)
    start = beyond = _skip_blanks(text, 0)
    while start < len(text):
        stop = _stop(text, start, beyond, boundaries, size.characters)
        end = start + len(text[start:stop].rstrip())
        yield start, end
        beyond = _skip_blanks(text, stop)
        if beyond >= len(text):
            return
        start = _with_overlap(text, start, beyond, boundaries, min(size.overlap, size.characters // 4))


def _stop(text: str, start: int, beyond: int, boundaries: _Boundaries, characters: int) -> int:
    """Where the chunk that begins at `start` ends: the best boundary that leaves it neither too long nor needlessly short.

    Characters before `beyond` are in an earlier chunk too, so this one ends after it.
    """
    limit = start + characters
    if limit >= len(text):
        limit = len(text)
        section = _last_between(boundaries.sections, max(start + characters // 4, beyond + 1), limit - 1)
        return section if section is not None else limit
    for places, least in (
        (boundaries.sections, characters // 4),
        (boundaries.paragraphs, characters // 2),
        (boundaries.sentences, characters // 2),
        (boundaries.lines, characters // 2),
    ):
        # A chunk of `characters` may be followed by blanks, which do not count.
        if (place := _last_between(places, max(start + least, beyond + 1), _skip_blanks(text, limit))) is not None:
            return place
    word = _last_blank(text, max(start + characters // 2, beyond), limit)
    return word if word is not None else _whole_character(text, beyond, limit)


def _with_overlap(text: str, start: int, following: int, boundaries: _Boundaries, overlap: int) -> int:
    """Where the next chunk begins: at `following`, or a little before it, but never across a section's beginning."""
    earliest = max(start + 1, following - overlap)
    section = _last_between(boundaries.sections, earliest, following)
    if section == following or overlap == 0:
        return following
    earliest = max(earliest, section or 0)
    for places in (boundaries.sentences, boundaries.lines):
        index = bisect_left(places, earliest)
        if index < len(places) and places[index] < following:
            return _skip_blanks(text, places[index])
    word = re.compile(r"\s(?=\S)").search(text, earliest - 1, following)
    return word.end() if word is not None and word.end() > start else following


def _last_between(places: list[int], low: int, high: int) -> int | None:
    """The greatest place in `low`–`high`, both included."""
    index = bisect_right(places, high) - 1
    return places[index] if index >= 0 and places[index] >= low else None


def _last_blank(text: str, low: int, high: int) -> int | None:
    return next((at for at in range(high, low, -1) if text[at : at + 1].isspace()), None)


def _whole_character(text: str, start: int, at: int) -> int:
    """`at`, moved back to where no combining sequence is cut."""
    place = at
    while place > start + 1 and _continues(text[place - 1], text[place]):
        place -= 1
    return place if place > start + 1 else at


def _continues(before: str, character: str) -> bool:
    if _JOINER in (before, character) or unicodedata.category(character) in ("Mn", "Me", "Mc"):
        return True
    modifier, flag = "\U0001f3fb" <= character <= "\U0001f3ff", "\U0001f1e6" <= character <= "\U0001f1ff"
    return modifier or (flag and "\U0001f1e6" <= before <= "\U0001f1ff")


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
