"""Office files are archives of XML: checked for bombs and for entities before anything unpacks them."""

from __future__ import annotations

import re
import zipfile

from janus_lab.errors import CorruptFile, EncryptedFile, FileTooLarge
from janus_lab.ingest.source_file import SourceFile

_SMALL = 1024 * 1024
_ENCRYPTED = 0x1
_XML_HEAD = 65536
# Office files declare no document types; where one is, it is there for its entities. UTF-16 has zeros between the letters.
_DOCTYPE = re.compile(rb"<\x00?!\x00?(?:D\x00?O\x00?C\x00?T\x00?Y\x00?P\x00?E|E\x00?N\x00?T\x00?I\x00?T\x00?Y)")


def check_archive(source: SourceFile) -> None:
    """Raise FileTooLarge, EncryptedFile or CorruptFile if an archive should not be unpacked.

    Sizes as declared are bounds: Python's zipfile never yields more of an entry than it declares.
    """
    limits = source.limits
    source.stream.seek(0)
    with zipfile.ZipFile(source.stream) as archive:
        entries = archive.infolist()
        if len(entries) > limits.archive_entries:
            raise _bomb(f"it is an archive of {len(entries):,} entries")
        expanded = sum(entry.file_size for entry in entries)
        if expanded > limits.expanded_bytes:
            raise _bomb(f"it would expand to {expanded / 2**20:,.0f} MiB")
        for entry in entries:
            if entry.file_size > _SMALL and entry.file_size > limits.expansion_ratio * max(entry.compress_size, 1):
                raise _bomb(
                    f"{entry.filename!r} in it would expand {entry.file_size // max(entry.compress_size, 1)}-fold"
                )
            if entry.flag_bits & _ENCRYPTED:
                raise EncryptedFile("it is encrypted", remedy="save a copy without a password and ingest that")
        for entry in entries:
            if entry.filename.endswith((".xml", ".rels")):
                _check_xml(archive, entry)
    source.stream.seek(0)


def _check_xml(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    with archive.open(entry) as part:
        if _DOCTYPE.search(part.read(_XML_HEAD)):
            raise CorruptFile(
                f"{entry.filename!r} in it declares XML entities, which no office program writes",
                remedy="don't trust this file; open it in an office program and save it anew if you do",
            )


def _bomb(what: str) -> FileTooLarge:
    return FileTooLarge(
        f"{what}, which looks like an attack", remedy="don't trust this file; unpack it by hand if you do"
    )
