"""Which reader reads what: by signature, then by extension, then by what the text looks like."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from janus_lab.errors import CorruptFile, EmptyFile, EncryptedFile, FileTooLarge, UnsupportedFormat
from janus_lab.ingest.decoding import is_binary
from janus_lab.ingest.readers.text import LANGUAGES
from janus_lab.ingest.source_file import SourceFile
from janus_lab.values.document import ParsedDocument

Read = Callable[[SourceFile], Iterator[ParsedDocument]]


@dataclass(frozen=True, slots=True)
class Reader:
    """A format: the dotted name of its reading function, loaded at first use, and the `version` of what that makes.

    A new version of a reader makes new versions of documents. `many` says that one file may hold several documents.
    """

    name: str
    function: str
    extensions: tuple[str, ...]
    version: int = 1
    many: bool = False

    def load(self) -> Read:
        """The reading function."""
        module, _, name = self.function.partition(":")
        function: Read = getattr(import_module(f"janus_lab.ingest.readers.{module}"), name)
        return function


READERS = (
    Reader("pdf", "pdf:read_pdf", (".pdf",)),
    Reader("docx", "docx:read_docx", (".docx", ".docm")),
    Reader("pptx", "pptx:read_pptx", (".pptx", ".pptm")),
    Reader("html", "html:read_html", (".html", ".htm", ".xhtml")),
    Reader("markdown", "markdown:read_markdown", (".md", ".markdown", ".mdown", ".qmd", ".rmd")),
    Reader("csv", "table:read_table", (".csv", ".tsv", ".tab")),
    Reader("jsonl", "jsonl:read_jsonl", (".jsonl", ".ndjson"), many=True),
    Reader("notebook", "notebook:read_notebook", (".ipynb",)),
    Reader("email", "mail:read_mail", (".eml",)),
    Reader("json", "text:read_json", (".json", ".geojson")),
    Reader("code", "text:read_code", tuple(LANGUAGES)),
    Reader("text", "text:read_text", (".txt", ".text", ".log", ".rst", ".org", ".adoc", ".srt", ".vtt", "")),
)
_BY_NAME = {reader.name: reader for reader in READERS}
_BY_EXTENSION = {extension: reader for reader in READERS for extension in reader.extensions}
_BY_MEDIA_TYPE = {
    "application/json": "json", "application/pdf": "pdf", "application/x-ndjson": "jsonl", "application/jsonl": "jsonl",
    "application/xhtml+xml": "html", "message/rfc822": "email", "text/csv": "csv", "text/html": "html",
    "text/markdown": "markdown", "text/tab-separated-values": "csv",
}  # fmt: skip
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_BINARY_FORMATS = ("pdf", "docx", "pptx")
_PDF_HEADER_WITHIN = 1024


def choose_reader(source: SourceFile, media_type: str = "") -> Reader:
    """The reader for a file. Raises EmptyFile, FileTooLarge, EncryptedFile, CorruptFile or UnsupportedFormat.

    A signature wins over the extension, so a file under a wrong name is still read; `media_type` is what a server said.
    """
    if source.size == 0:
        raise EmptyFile("it is empty (0 bytes)", remedy="check that it was saved or copied completely, or remove it")
    if source.size > source.limits.file_bytes:
        raise FileTooLarge(
            f"it has {source.size / 1e6:,.0f} MB, more than the {source.limits.file_bytes / 1e6:,.0f} MB allowed",
            remedy="raise `file_limit_mb` in janus.toml, or split the file",
        )
    head = source.head()
    if (signed := _by_signature(source, head)) is not None:
        return signed
    named = _BY_NAME.get(_BY_MEDIA_TYPE.get(media_type, "")) or _BY_EXTENSION.get(source.extension)
    if is_binary(head):
        raise _not_text(source, named)
    if named is None or named.name in (*_BINARY_FORMATS, "text"):
        return _BY_NAME["html" if _HTML.match(head) else "text"]
    return named


def _by_signature(source: SourceFile, head: bytes) -> Reader | None:
    if b"%PDF-" in head[:_PDF_HEADER_WITHIN]:
        return _BY_NAME["pdf"]
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _office_reader(source)
    if head.startswith(_OLE):
        if _ENCRYPTED_OFFICE in source.data():
            raise EncryptedFile("it is encrypted", remedy="open it with its password, save it without one, ingest that")
        raise UnsupportedFormat(
            "it is a document of Office 97–2003", remedy="open it in an office program and save it as DOCX, PPTX or PDF"
        )
    return None


def _office_reader(source: SourceFile) -> Reader:
    source.stream.seek(0)
    try:
        with zipfile.ZipFile(source.stream) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise CorruptFile(
            f"it is a damaged archive ({error})", remedy="get the file again from where it came"
        ) from error
    if "word/document.xml" in names:
        return _BY_NAME["docx"]
    if "ppt/presentation.xml" in names:
        return _BY_NAME["pptx"]
    raise UnsupportedFormat("it is an archive without a document in it", remedy="unpack it and ingest the folder")


def _not_text(source: SourceFile, named: Reader | None) -> CorruptFile | UnsupportedFormat:
    if named is not None and source.extension:
        return CorruptFile(
            f"it is named like {named.name} and holds something else", remedy="get the file again from where it came"
        )
    return UnsupportedFormat(
        "it holds binary data of an unknown format", remedy="convert it to PDF, DOCX, HTML or text"
    )
