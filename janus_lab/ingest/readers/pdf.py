"""PDF: the text of every page, line by line, each line with its box; pages that are only pictures are flagged."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from janus_lab.errors import CorruptFile, EncryptedFile, FileTooLarge, NoText
from janus_lab.ingest.cleaner import clean, clean_line, hyphen_joint, words_of
from janus_lab.ingest.draft import LINE, PARAGRAPH, TextDraft
from janus_lab.ingest.source_file import SourceFile
from janus_lab.values.document import ParsedDocument

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

_PDFIUM = threading.Lock()
"""PDFium keeps global state: one thread at a time, in the whole process."""

_FORM_DEPTH = 4
_PARAGRAPH_GAP = 0.9
"""A gap between lines of so many line heights or more begins a paragraph."""

_LINE_HYPHENS = (0x02, 0xFFFE)
"""What PDFium yields for the hyphen of a divided word, in place of a line end."""

_LINE_ENDS = (10, 13, *_LINE_HYPHENS)

_METADATA = {"Author": "author", "Subject": "subject", "Keywords": "keywords", "CreationDate": "created"}

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a page as cleaned text, with its box in points, origin top left, or None if PDFium gives none."""

    text: str
    box: Rectangle | None


@dataclass(frozen=True, slots=True)
class _PageText:
    """What was found on one page."""

    width: float
    height: float
    lines: list[_Line]
    has_image: bool


def read_pdf(source: SourceFile) -> Iterator[ParsedDocument]:
    """One document with pages and boxes. Raises EncryptedFile, CorruptFile, FileTooLarge, or NoText for a scan."""
    draft = TextDraft(source.limits.text_characters)
    pictures: list[int] = []
    with _Pdf(source) as pdf:
        metadata = pdf.metadata()
        for number in range(1, pdf.page_count + 1):
            source.check_time()
            page = pdf.page(number)
            _add_page(draft, number, page)
            if not page.lines and page.has_image:
                pictures.append(number)
    if draft.length == 0 and pictures:
        raise NoText(
            f"its {_pages(pictures)} and no text: it is a scan",
            remedy="make its text readable with OCR (for example `ocrmypdf IN.pdf OUT.pdf`), then ingest the result",
        )
    warnings = [f"{_pages(pictures)} and no text (scanned?)"] if pictures else []
    title = metadata.pop("title", "") or source.stem
    yield draft.finish(title, "application/pdf", metadata=metadata, warnings=warnings)


class _Pdf:
    """An open PDF; every call into PDFium holds the lock."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._document: PdfDocument | None = None
        self.page_count = 0

    def __enter__(self) -> Self:
        with _PDFIUM:
            self._document = _open(self._source)
            self.page_count = len(self._document)
            if self.page_count > self._source.limits.pages:
                self._document.close()
                raise FileTooLarge(
                    f"it has {self.page_count:,} pages, more than {self._source.limits.pages:,}", remedy="split it"
                )
        return self

    def __exit__(self, *exception: object) -> None:
        if self._document is not None:
            with _PDFIUM:
                self._document.close()

    def metadata(self) -> dict[str, str]:
        """Title, author, subject, keywords and date, where the file has them."""
        assert self._document is not None  # noqa: S101 - entered
        with _PDFIUM:
            raw = self._document.get_metadata_dict(skip_empty=True)
        found = {name: clean_line(raw[key]) for key, name in {"Title": "title", **_METADATA}.items() if key in raw}
        return {name: value for name, value in found.items() if value}

    def page(self, number: int) -> _PageText:
        """The text of page `number` (from 1). Raises CorruptFile if the page is damaged."""
        from pypdfium2 import PdfiumError

        assert self._document is not None  # noqa: S101 - entered
        with _PDFIUM:
            try:
                page = self._document[number - 1]
            except PdfiumError as error:
                raise CorruptFile(f"its page {number} is damaged", remedy=_SAVE_AGAIN) from error
            try:
                return _read_page(page)
            finally:
                page.close()


_SAVE_AGAIN = "get the file again, or open it in a PDF program and save it anew"


def _open(source: SourceFile) -> PdfDocument:
    import pypdfium2
    from pypdfium2 import raw

    try:
        return pypdfium2.PdfDocument(source.data())
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise EncryptedFile(
                "it opens only with a password", remedy="save a copy without a password and ingest that"
            ) from error
        raise CorruptFile(f"it is no intact PDF ({error})", remedy=_SAVE_AGAIN) from error


def _read_page(page: PdfPage) -> _PageText:
    from pypdfium2 import raw

    width, height = page.get_size()
    textpage = page.get_textpage()
    try:
        lines = _lines(textpage, _viewport(page, width, height))
    finally:
        textpage.close()
    images = () if lines else page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_FORM_DEPTH)
    return _PageText(width, height, lines, any(True for _ in images))


def _lines(textpage: PdfTextPage, to_page: Any) -> list[_Line]:
    from pypdfium2 import raw

    get_unicode, handle = raw.FPDFText_GetUnicode, textpage.raw
    units = [get_unicode(handle, index) for index in range(textpage.count_chars())]
    lines: list[_Line] = []
    begin = 0
    for index, unit in enumerate([*units, 10]):
        if unit not in _LINE_ENDS:
            continue
        hyphen = "-" if unit in _LINE_HYPHENS else ""
        text = clean(_text(units[begin:index]) + hyphen).strip()
        if text:
            lines.append(_Line(text, to_page(_rectangle(textpage, begin, index - begin))))
        begin = index + 1
    return lines


def _text(units: list[int]) -> str:
    return b"".join(min(unit, 0xFFFF).to_bytes(2, "little") for unit in units).decode("utf-16-le", "replace")


def _rectangle(textpage: PdfTextPage, first: int, count: int) -> Rectangle | None:
    """Left, bottom, right, top of some characters, in the page's own coordinates."""
    number = textpage.count_rects(first, count)
    rectangles = [textpage.get_rect(index) for index in range(max(number, 0))]
    if not rectangles:
        return None
    lefts, bottoms, rights, tops = zip(*rectangles, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _viewport(page: PdfPage, width: float, height: float) -> Any:
    """A function from a rectangle on the page to points from the top left of the page as it is seen, rotated and cropped."""
    from pypdfium2 import raw

    scale = 100
    x, y = ctypes.c_int(), ctypes.c_int()

    def point(left: float, top: float) -> tuple[float, float]:
        raw.FPDF_PageToDevice(page.raw, 0, 0, round(width * scale), round(height * scale), 0, left, top, x, y)
        return x.value / scale, y.value / scale

    def convert(rectangle: Rectangle | None) -> Rectangle | None:
        if rectangle is None:
            return None
        left, bottom, right, top = rectangle
        (x1, y1), (x2, y2) = point(left, top), point(right, bottom)
        return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)

    return convert


def _add_page(draft: TextDraft, number: int, page: _PageText) -> None:
    words = words_of([line.text for line in page.lines])
    separator = PARAGRAPH
    for index, line in enumerate(page.lines):
        following = page.lines[index + 1] if index + 1 < len(page.lines) else None
        joint = hyphen_joint(line.text, following.text, words) if following else None
        text = line.text if joint is None else line.text[:-1] + joint
        span = draft.add_cleaned(text, separator)
        if line.box is not None and span[1] > span[0]:
            draft.box(number, span, line.box)
        separator = "" if joint is not None else _separator(line, following)
    draft.end_page(number, page.width, page.height)


def _separator(line: _Line, following: _Line | None) -> str:
    if following is None or line.box is None or following.box is None:
        return LINE
    gap, height = following.box[1] - line.box[3], max(line.box[3] - line.box[1], 1.0)
    return PARAGRAPH if gap > _PARAGRAPH_GAP * height else LINE


def _pages(numbers: list[int]) -> str:
    """Say that these pages hold images: "page 3 holds an image", "pages 3–5, 8 hold images"."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shown = ", ".join(f"{first}–{last}" if last > first else str(first) for first, last in ranges)
    return f"page {shown} holds an image" if len(numbers) == 1 else f"pages {shown} hold images"
