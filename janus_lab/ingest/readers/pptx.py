"""PPTX: every slide is a page and a section, with its notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from janus_lab.errors import FileTooLarge
from janus_lab.ingest.archive import check_archive
from janus_lab.ingest.cleaner import clean_line
from janus_lab.ingest.draft import LINE, TextDraft
from janus_lab.ingest.readers.docx import core_properties, table_rows
from janus_lab.ingest.source_file import SourceFile
from janus_lab.values.document import ParsedDocument

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_POINT = 12700
_GROUPS = 20


def read_pptx(source: SourceFile) -> Iterator[ParsedDocument]:
    """One document; its title is the file's property, else the first slide's title."""
    from pptx import Presentation

    check_archive(source)
    presentation = Presentation(source.stream)
    slides = list(presentation.slides)
    if len(slides) > source.limits.pages:
        raise FileTooLarge(f"it has {len(slides):,} slides", remedy="split it")
    width = (presentation.slide_width or 0) / _POINT or None
    height = (presentation.slide_height or 0) / _POINT or None
    draft = TextDraft(source.limits.text_characters)
    titles: list[str] = []
    for number, slide in enumerate(slides, 1):
        source.check_time()
        titles.append(_add_slide(draft, slide, number))
        draft.end_page(number, width, height)
    metadata = core_properties(presentation.core_properties)
    title = metadata.pop("title", "") or next(filter(None, titles), source.stem)
    if title == "PowerPoint Presentation":
        title = next(filter(None, titles), source.stem)
    yield draft.finish(title, MEDIA_TYPE, metadata=metadata)


def _add_slide(draft: TextDraft, slide: Any, number: int) -> str:
    """Add a slide's texts from top to bottom; returns its title."""
    title_shape = slide.shapes.title
    title = clean_line(title_shape.text_frame.text) if title_shape is not None else ""
    shapes = [shape for shape in slide.shapes if title_shape is None or shape.shape_id != title_shape.shape_id]
    texts = [text for shape in _in_order(shapes) for text in _texts(shape, 0) if text.strip()]
    if title:
        draft.heading(title, 1)
    elif texts:
        start = draft.length + (2 if draft.length else 0)
        draft.mark_section(start, f"Slide {number}", 1)
    for text in texts:
        draft.add(text)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text
        if notes.strip():
            draft.add(f"Notes: {notes}")
    return title


def _in_order(shapes: Any) -> list[Any]:
    return sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0))


def _texts(shape: Any, depth: int) -> Iterator[str]:
    if hasattr(shape, "shapes"):
        if depth < _GROUPS:
            for inner in _in_order(shape.shapes):
                yield from _texts(inner, depth + 1)
    elif getattr(shape, "has_table", False):
        yield table_rows([[cell.text for cell in row.cells if not cell.is_spanned] for row in shape.table.rows])
    elif getattr(shape, "has_text_frame", False):
        yield LINE.join(paragraph.text for paragraph in shape.text_frame.paragraphs)
