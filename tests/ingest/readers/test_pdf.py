from __future__ import annotations

import io
import random

import pytest
from fpdf import FPDF
from fpdf.enums import AccessPermission
from PIL import Image

from janus_lab.errors import CorruptFile, EncryptedFile, FileTooLarge, NoText


def pdf(*pages: list[str] | bytes, **metadata: str) -> FPDF:
    """A PDF of pages that are lists of lines, or pictures."""
    made = FPDF(unit="pt", format="A4")
    made.set_font("helvetica", size=12)
    for page in pages:
        made.add_page()
        if isinstance(page, bytes):
            made.image(io.BytesIO(page), x=50, y=50, w=200)
            continue
        for line in page:
            made.cell(w=0, h=15, text=line, new_x="LMARGIN", new_y="NEXT")
    for name, value in metadata.items():
        getattr(made, f"set_{name}")(value)
    return made


def picture() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(stream, "PNG")
    return stream.getvalue()


def test_pages_boxes_and_metadata(read) -> None:
    data = bytes(pdf(["First page line.", "Another line."], ["Second page."], title="Report", author="Ada").output())
    document = read.one("x.pdf", data)
    assert (document.title, document.metadata["author"], document.media_type) == ("Report", "Ada", "application/pdf")
    assert document.text == "First page line.\nAnother line.\n\nSecond page."
    assert [page.number for page in document.pages] == [1, 2]
    assert document.text[document.pages[1].start : document.pages[1].end].strip() == "Second page."
    assert document.pages[0].height == pytest.approx(841.9, abs=0.2)
    first, second, third = document.boxes
    assert document.text[first.start : first.end] == "First page line."
    assert (first.page, third.page) == (1, 2)
    assert 28 < first.top < first.bottom < 46
    assert first.bottom < second.top + 3
    assert 28 < first.left < first.right < 150


def test_divided_words_are_joined(read) -> None:
    document = read.one(
        "x.pdf", bytes(pdf(["This is an exam-", "ple of it, well-known here.", "A well-", "known one."]).output())
    )
    assert document.text == "This is an example of it, well-known here.\nA well-known one."
    boxes = [document.text[box.start : box.end] for box in document.boxes]
    assert boxes == ["This is an exam", "ple of it, well-known here.", "A well-", "known one."]


def test_a_gap_begins_a_paragraph(read) -> None:
    assert read.one("x.pdf", bytes(pdf(["One.", "", "", "Two."]).output())).text == "One.\n\nTwo."


def test_a_scan_is_refused_and_a_scanned_page_is_told(read) -> None:
    with pytest.raises(NoText, match="pages 1–2 hold images"):
        read("scan.pdf", bytes(pdf(picture(), picture()).output()))
    read("half.pdf", bytes(pdf(["Some text."], picture()).output()))
    assert read.warnings == ["page 2 holds an image and no text (scanned?)"]


def test_encrypted(read) -> None:
    made = pdf(["Secret."])
    made.set_encryption("owner", "user", permissions=AccessPermission.none())
    with pytest.raises(EncryptedFile) as caught:
        read("x.pdf", bytes(made.output()))
    assert "without a password" in caught.value.remedy


def test_damaged(read) -> None:
    whole = bytes(pdf(["Some text."] * 40).output())
    with pytest.raises(CorruptFile):
        read("x.pdf", b"%PDF-1.7\n" + random.Random(1).randbytes(2000))
    with pytest.raises((CorruptFile, NoText)):
        read("y.pdf", whole[:300])


def test_page_limit(read) -> None:
    with pytest.raises(FileTooLarge, match="3 pages"):
        read("x.pdf", bytes(pdf(["a"], ["b"], ["c"]).output()), pages=2)


def test_rotated_pages_have_boxes_as_seen(read) -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument(bytes(pdf(["Turned text."]).output()))
    page = document[0]
    page.set_rotation(90)
    stream = io.BytesIO()
    page.close()
    document.save(stream)
    document.close()
    parsed = read.one("x.pdf", stream.getvalue())
    (box,) = parsed.boxes
    assert parsed.pages[0].width == pytest.approx(841.9, abs=0.2)
    assert 0 < box.left < box.right <= parsed.pages[0].width
    assert box.bottom - box.top > box.right - box.left
