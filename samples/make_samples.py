"""Write the sample documents whose formats are not plain text, from the texts in `source/`.

    python samples/make_samples.py [FOLDER]

The result depends on nothing but those texts and the writers' versions: no clock, no random numbers. A source begins with
`key: value` lines; then `# ` and `## ` are headings, `| a | b |` are table rows, `===` begins a new page or slide.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
WRITTEN = datetime(2025, 4, 1, 12, 0, tzinfo=UTC)
ZIP_TIME = WRITTEN.timetuple()[:6]


@dataclass(frozen=True, slots=True)
class Source:
    """One source text: its head, and for each page the blocks between blank lines."""

    title: str
    author: str
    pages: tuple[tuple[str, ...], ...]


def read_source(name: str) -> Source:
    """The source text `name`, cut into pages and blocks."""
    head, _, body = (HERE / "source" / f"{name}.txt").read_text(encoding="utf-8").partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    pages = tuple(tuple(block for block in page.strip().split("\n\n") if block) for page in body.split("\n===\n"))
    return Source(fields["title"], fields["author"], pages)


def rows(block: str) -> list[list[str]]:
    """The cells of a table block."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]


def heading(block: str) -> tuple[int, str] | None:
    """Level and text of a heading block, or None."""
    if not block.startswith("#"):
        return None
    marks, _, text = block.partition(" ")
    return len(marks), text


def write_pdf(source: Source) -> bytes:
    """A PDF of A4 pages with the source's page breaks."""
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_title(source.title)
    pdf.set_author(source.author)
    pdf.set_creation_date(WRITTEN)
    pdf.set_auto_page_break(auto=True, margin=20)
    for page in source.pages:
        pdf.add_page()
        for block in page:
            if found := heading(block):
                level, text = found
                pdf.set_font("helvetica", style="B", size=20 - 3 * level)
                pdf.multi_cell(0, 9, text, new_x="LMARGIN", new_y="NEXT")
            else:
                pdf.set_font("times", size=12)
                pdf.multi_cell(0, 6, block.replace("\n", " "), new_x="LMARGIN", new_y="NEXT", align="L")
            pdf.ln(3)
    return bytes(pdf.output())


def write_docx(source: Source) -> bytes:
    """A Word document with headings, paragraphs and tables."""
    from docx import Document

    document = Document()
    properties = document.core_properties
    properties.title, properties.author = source.title, source.author
    properties.created = properties.modified = WRITTEN.replace(tzinfo=None)
    for block in (block for page in source.pages for block in page):
        if found := heading(block):
            document.add_heading(found[1], level=found[0])
        elif block.startswith("|"):
            cells = rows(block)
            table = document.add_table(rows=len(cells), cols=len(cells[0]))
            for row, texts in zip(table.rows, cells, strict=True):
                for cell, text in zip(row.cells, texts, strict=True):
                    cell.text = text
        else:
            document.add_paragraph(block.replace("\n", " "))
    buffer = io.BytesIO()
    document.save(buffer)
    return without_clock(buffer.getvalue())


def write_pptx(source: Source) -> bytes:
    """Slides: the heading is the title, each line a bullet, `notes: ` the speaker's notes."""
    from pptx import Presentation

    deck = Presentation()
    properties = deck.core_properties
    properties.title, properties.author = source.title, source.author
    properties.created = properties.modified = WRITTEN.replace(tzinfo=None)
    for page in source.pages:
        title, *lines = "\n".join(page).splitlines()
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title.removeprefix("# ")
        notes = [line.removeprefix("notes: ") for line in lines if line.startswith("notes: ")]
        slide.placeholders[1].text = "\n".join(line for line in lines if not line.startswith("notes: "))
        if notes:
            slide.notes_slide.notes_text_frame.text = "\n".join(notes)
    buffer = io.BytesIO()
    deck.save(buffer)
    return without_clock(buffer.getvalue())


def without_clock(archive: bytes) -> bytes:
    """The same zip archive with every member's time set to a fixed moment."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in sorted(old.namelist()):
            info = zipfile.ZipInfo(member, date_time=ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            new.writestr(info, old.read(member))
    return buffer.getvalue()


def write_notebook() -> bytes:
    """A small analysis with text, code and one printed result."""
    cells = json.loads((HERE / "source" / "gravimeter-drift.json").read_text(encoding="utf-8"))
    for number, cell in enumerate(cells):
        cell.update(id=f"cell-{number}", metadata={}, source="\n".join(cell["source"]))
        if cell["cell_type"] == "code":
            text = cell.pop("prints")
            output = {"output_type": "stream", "name": "stdout", "text": text}
            cell.update(execution_count=number, outputs=[output] if text else [])
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def write_samples(folder: Path) -> list[Path]:
    """Write every generated sample into `folder` and return the paths."""
    contents = {
        "annual-report-2024.pdf": write_pdf(read_source("annual-report-2024")),
        "lidar-manual.pdf": write_pdf(read_source("lidar-manual")),
        "lidar-failure.docx": write_docx(read_source("lidar-failure")),
        "crew-meeting.docx": write_docx(read_source("crew-meeting")),
        "solar-plan.pptx": write_pptx(read_source("solar-plan")),
        "gravimeter-drift.ipynb": write_notebook(),
        "founders-letter.txt": (HERE / "source" / "founders-letter.txt").read_text(encoding="utf-8").encode("cp1252"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


if __name__ == "__main__":
    for path in write_samples(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus"):
        print(path)
