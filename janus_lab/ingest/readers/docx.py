"""DOCX: headings, paragraphs and tables in the order of the document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from janus_lab.ingest.archive import check_archive
from janus_lab.ingest.cleaner import clean_line
from janus_lab.ingest.draft import LINE, PARAGRAPH, TextDraft
from janus_lab.ingest.source_file import SourceFile
from janus_lab.values.document import ParsedDocument

if TYPE_CHECKING:
    from docx.document import Document as Docx

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CELL_SEPARATOR = " | "
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_NESTED_TABLES = 5


def read_docx(source: SourceFile) -> Iterator[ParsedDocument]:
    """One document; its title is the file's property, else its Title paragraph, else its first heading."""
    from docx import Document

    check_archive(source)
    docx = Document(source.stream)
    draft = TextDraft(source.limits.text_characters)
    titles: list[tuple[int, str]] = []
    for block in _blocks(docx, docx.element.body):
        source.check_time()
        _add(draft, block, titles)
    metadata = core_properties(docx.core_properties)
    title = metadata.pop("title", "") or min(titles, default=(0, source.stem), key=lambda found: found[0])[1]
    yield draft.finish(title, MEDIA_TYPE, metadata=metadata)


def core_properties(properties: Any) -> dict[str, Any]:
    """Title, author, subject, keywords and date of an office file, where it has them."""
    found = {
        "title": clean_line(properties.title or ""),
        "author": clean_line(properties.author or ""),
        "subject": clean_line(properties.subject or ""),
        "keywords": clean_line(properties.keywords or ""),
        "modified": properties.modified.isoformat() if properties.modified else "",
    }
    return {name: value for name, value in found.items() if value}


def table_rows(rows: list[list[str]]) -> str:
    """Rows as lines of cells, blank rows left out."""
    lines = (CELL_SEPARATOR.join(clean_line(cell) for cell in row) for row in rows)
    return LINE.join(line for line in lines if line.strip(CELL_SEPARATOR))


def _blocks(docx: Docx, parent: Any) -> Iterator[Any]:
    """Paragraphs and tables below an element, those in content controls too, in order."""
    from docx.oxml.ns import qn
    from docx.table import Table
    from docx.text.paragraph import Paragraph

    for child in parent.iterchildren():
        if child.tag == qn("w:p"):
            yield Paragraph(child, docx)
        elif child.tag == qn("w:tbl"):
            yield Table(child, docx)
        elif child.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:customXml"), qn("w:smartTag")):
            yield from _blocks(docx, child)


def _add(draft: TextDraft, block: Any, titles: list[tuple[int, str]]) -> None:
    from docx.table import Table

    if isinstance(block, Table):
        draft.add(table_rows(_cells(block, 0)))
        return
    text, style = block.text, (block.style.name if block.style is not None else "") or ""
    if not text.strip():
        return
    heading = _HEADING.match(style)
    if style == "Title" or heading:
        level = int(heading.group(1)) if heading else 0
        titles.append((level, clean_line(text)))
        draft.heading(text, max(level, 1))
    elif style.startswith("List"):
        draft.add(f"- {clean_line(text)}", LINE)
    else:
        draft.add(text, PARAGRAPH)


def _cells(table: Any, depth: int) -> list[list[str]]:
    rows: list[list[str]] = []
    for row in table.rows:
        cells: list[str] = []
        merged: Any = None
        for cell in row.cells:
            if cell._tc is merged:  # noqa: SLF001 - a merged cell comes once for every column; there is no public identity
                continue
            merged = cell._tc  # noqa: SLF001
            nested = cell.tables if depth < _NESTED_TABLES else []
            inner = (clean_line(" ".join(nested_row)) for one in nested for nested_row in _cells(one, depth + 1))
            cells.append(" ".join((cell.text, *inner)))
        rows.append(cells)
    return rows
