"""A document's text as it is put together from cleaned pieces, so that every span is measured on what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from janus_lab.errors import FileTooLarge
from janus_lab.ingest.cleaner import clean, clean_line
from janus_lab.values.document import Box, Page, ParsedDocument, Section

PARAGRAPH = "\n\n"
LINE = "\n"


class TextDraft:
    """Grows by pieces; remembers where pages, headings and boxes begin and end. `limit` bounds its characters."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: list[str] = []
        self._headings: list[tuple[int, int, str]] = []
        self._pages: list[Page] = []
        self._boxes: list[Box] = []
        self._page_start = 0
        self.length = 0

    def add(self, text: str, separator: str = PARAGRAPH) -> tuple[int, int]:
        """Append `text`, cleaned, after `separator`; returns its span (empty if nothing was left of it)."""
        return self.add_cleaned(clean(text), separator)

    def add_cleaned(self, text: str, separator: str = PARAGRAPH) -> tuple[int, int]:
        """Append text that has been cleaned before."""
        if not text:
            return self.length, self.length
        if self.length and separator:
            self._append(separator)
        start = self.length
        self._append(text)
        return start, self.length

    def heading(self, title: str, level: int) -> None:
        """Append a heading as a line of its own; it governs what follows up to the next one of its level or above."""
        title = clean_line(title)
        start, end = self.add_cleaned(title)
        if end > start:
            self._headings.append((start, level, title))

    def mark_section(self, start: int, title: str, level: int) -> None:
        """Begin a section at `start` without adding its title to the text."""
        self._headings.append((start, level, clean_line(title)))

    def box(self, page: int, span: tuple[int, int], rectangle: tuple[float, float, float, float]) -> None:
        """Note where a span stands on a page: left, top, right, bottom in points, origin top left."""
        left, top, right, bottom = (round(value, 2) for value in rectangle)
        self._boxes.append(Box(page, span[0], span[1], left, top, right, bottom))

    def end_page(self, number: int, width: float | None = None, height: float | None = None) -> None:
        """Close a page: it holds everything that was added since the last one was closed."""
        self._pages.append(Page(number, self._page_start, self.length, width, height))
        self._page_start = self.length

    def finish(
        self,
        title: str,
        media_type: str,
        *,
        metadata: Mapping[str, Any] | None = None,
        warnings: Iterable[str] = (),
        key: str | None = None,
    ) -> ParsedDocument:
        """The document, complete."""
        return ParsedDocument(
            text="".join(self._pieces),
            title=clean_line(title),
            media_type=media_type,
            pages=tuple(self._pages),
            boxes=tuple(self._boxes),
            sections=sections_from(self._headings, self.length),
            metadata=dict(metadata or {}),
            key=key,
            warnings=tuple(warnings),
        )

    def _append(self, text: str) -> None:
        self.length += len(text)
        if self.length > self._limit:
            raise too_much_text(self._limit)
        self._pieces.append(text)


def too_much_text(limit: int) -> FileTooLarge:
    """The error for a document of more characters than `limit`."""
    return FileTooLarge(
        f"it holds more than {limit:,} characters of text", remedy="split it into smaller files and ingest those"
    )


def sections_from(headings: Iterable[tuple[int, int, str]], length: int) -> tuple[Section, ...]:
    """Sections from (start, level, title) in order of their starts; each ends where one of its level or above begins."""
    ordered = sorted(headings, key=lambda heading: heading[0])
    ends = [length] * len(ordered)
    open_sections: list[int] = []
    for index, (start, level, _) in enumerate(ordered):
        while open_sections and ordered[open_sections[-1]][1] >= level:
            ends[open_sections.pop()] = start
        open_sections.append(index)
    return tuple(Section(title, level, start, end) for (start, level, title), end in zip(ordered, ends, strict=True))
