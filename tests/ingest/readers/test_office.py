from __future__ import annotations

import io
import zipfile

import pytest
from docx import Document
from lxml import etree
from pptx import Presentation
from pptx.util import Inches

from janus_lab.errors import CorruptFile, EncryptedFile, FileTooLarge, UnreadableFile, UnsupportedFormat

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "&lol;" * 10}">' for n in range(10))
    + "]>"
)
STEALS = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/hostname">]>'


def saved(made) -> bytes:
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def docx() -> bytes:
    made = Document()
    made.core_properties.author = "Ada"
    made.core_properties.title = ""
    made.add_heading("Whole report", 0)
    made.add_paragraph("Opening words.")
    made.add_heading("Numbers", 1)
    table = made.add_table(2, 3)
    for cell, text in zip(
        [c for row in table.rows for c in row.cells], ["Year", "Rain", "Wind", "2024", "311", "12"], strict=True
    ):
        cell.text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    made.add_paragraph("After the table.")
    made.add_paragraph("An item", style="List Bullet")
    made.add_heading("Deeper", 2)
    made.add_paragraph("The end.")
    return saved(made)


def test_docx_keeps_order_headings_and_tables(read) -> None:
    document = read.one("x.docx", docx())
    assert document.title == "Whole report"
    assert document.metadata["author"] == "Ada"
    assert document.text == (
        "Whole report\n\nOpening words.\n\nNumbers\n\nYear | Rain Wind\n2024 | 311 | 12\n\nAfter the table.\n- An item\n\n"
        "Deeper\n\nThe end."
    )
    assert [(s.level, s.title) for s in document.sections] == [(1, "Whole report"), (1, "Numbers"), (2, "Deeper")]
    assert document.text[document.sections[1].start :].startswith("Numbers")


def test_pptx_slides_are_pages_with_notes(read) -> None:
    made = Presentation()
    first = made.slides.add_slide(made.slide_layouts[0])
    first.shapes.title.text, first.placeholders[1].text = "The plan", "Subtitle here"
    second = made.slides.add_slide(made.slide_layouts[6])
    second.shapes.add_textbox(0, Inches(3), Inches(2), Inches(1)).text_frame.text = "Below"
    second.shapes.add_textbox(0, Inches(1), Inches(2), Inches(1)).text_frame.text = "Above"
    table = second.shapes.add_table(1, 2, 0, Inches(5), Inches(4), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "a", "b"
    second.notes_slide.notes_text_frame.text = "Say this."
    document = read.one("x.pptx", saved(made))
    assert document.title == "The plan"
    assert document.text == "The plan\n\nSubtitle here\n\nAbove\n\nBelow\n\na | b\n\nNotes: Say this."
    assert [page.number for page in document.pages] == [1, 2]
    assert document.text[document.pages[1].start :].strip().startswith("Above")
    assert [section.title for section in document.sections] == ["The plan", "Slide 2"]
    assert document.text[document.sections[1].start :].startswith("Above")


def rezipped(data: bytes, changes: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, changes.get(entry.filename, old.read(entry)))
        for name in changes.keys() - set(old.namelist()):
            new.writestr(name, changes[name])
    return stream.getvalue()


@pytest.mark.parametrize("prologue", [LAUGHS, STEALS])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(read, prologue, encoding) -> None:
    with zipfile.ZipFile(io.BytesIO(docx())) as archive:
        body = archive.read("word/document.xml").decode().partition("?>")[2]
    entity = "&secret;" if prologue == STEALS else "&l9;"
    evil = (prologue.replace("1.0", f'1.0" encoding="{encoding}', 1) + body.replace("Opening words.", entity)).encode(
        encoding
    )
    with pytest.raises(CorruptFile, match="entities"):
        read("x.docx", rezipped(docx(), {"word/document.xml": evil}))


@pytest.mark.parametrize("prologue", [LAUGHS, STEALS])
def test_the_parsers_expand_no_entities_either(prologue) -> None:
    from docx.oxml.parser import parse_xml as parse_docx
    from pptx.oxml import parse_xml as parse_pptx

    entity = "&secret;" if prologue == STEALS else "&l9;"
    for parse in (parse_docx, parse_pptx):
        try:
            text = "".join(parse(f"{prologue}<a>{entity}</a>".encode()).itertext())
        except etree.XMLSyntaxError:
            continue
        assert text in ("", entity)


def test_zip_bombs_are_refused(read) -> None:
    bomb = rezipped(docx(), {"word/media/zeros.bin": bytes(40 * 2**20)})
    with pytest.raises(FileTooLarge, match="-fold"):
        read("x.docx", bomb)
    with pytest.raises(FileTooLarge, match="would expand"):
        read("y.docx", docx(), expanded_bytes=1000)
    with pytest.raises(FileTooLarge, match="entries"):
        read("z.docx", docx(), archive_entries=3)


def test_names_that_lead_elsewhere_do_nothing(read, tmp_path) -> None:
    read("x.docx", rezipped(docx(), {"../../evil.txt": b"x", "/tmp/evil.txt": b"x"}))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["x.docx"]


def test_archives_and_old_or_encrypted_office_files(read) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(UnsupportedFormat, match="archive"):
        read("x.zip", stream.getvalue())
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
    with pytest.raises(UnsupportedFormat, match="97"):
        read("x.doc", ole)
    with pytest.raises(EncryptedFile):
        read("x.docx", ole + "EncryptedPackage".encode("utf-16-le"))


@pytest.mark.parametrize("length", [30, 200, 5000])
def test_a_cut_off_file_is_corrupt(read, length) -> None:
    with pytest.raises(CorruptFile, match="damaged archive"):
        read("x.docx", docx()[:length])


def test_nonsense_inside_is_one_clear_error(read) -> None:
    for part in ("word/document.xml", "[Content_Types].xml", "word/_rels/document.xml.rels"):
        with pytest.raises(UnreadableFile):
            read("x.docx", rezipped(docx(), {part: b"<not xml"}))
