"""Bytes to text: byte-order marks, declared and detected character sets; what is no text is refused."""

from __future__ import annotations

import codecs
import re

from janus_lab.errors import UnsupportedFormat

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 64 * 1024
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_CONTROLS_IN_TEXT = 0.01
_WESTERN_LETTERS = frozenset("àâäáãåæçèéêëìíîïñòóôöõøœùúûüÿßÀÂÄÁÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖÕØŒÙÚÛÜŸªº")
_HIGH_IN_WESTERN = 0.25
_ODD_IN_WORD = re.compile(r"[^\W\d_][¹²³¿¡¼½¾¶µ¦¨¬±¤¥£¢°¸¯][^\W\d_]")
"""Signs that stand within words only where a text is in another character set."""


def is_binary(head: bytes) -> bool:
    """Whether a file that begins like this is no text: control bytes, and no sign of UTF-16 or UTF-32."""
    if any(head.startswith(mark) for mark, _ in _MARKS):
        return False
    if not head or _wide_encoding(head):
        return False
    if b"\x00" in head:
        return True
    return len(_CONTROLS.findall(head)) > _CONTROLS_IN_TEXT * len(head)


def decode(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """Text and the name of its character set: by mark, by declaration, as UTF-8, else by detection.

    Raises UnsupportedFormat for binary data. Single bytes that fit no character become U+FFFD.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace"), name
    if is_binary(data[:_SAMPLE]):
        raise UnsupportedFormat("it holds binary data, not text", remedy="convert it to text, PDF, DOCX or HTML first")
    for candidate in (declared, "utf-8", _wide_encoding(data[:_SAMPLE])):
        if candidate and (text := _decoded(data, candidate)) is not None:
            return text, candidate
    return _detected(data)


def _decoded(data: bytes, name: str) -> str | None:
    try:
        # A charset that is named wrongly may be a codec that makes no text at all ("base64"): LookupError.
        return data.decode(name)
    except (UnicodeDecodeError, LookupError):
        return None


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a mark: of Western text every other byte is zero."""
    even, odd = head[0:1024:2], head[1:1024:2]
    if len(odd) < 4:  # noqa: PLR2004
        return None
    if odd.count(0) > 0.6 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.6 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return None


def _detected(data: bytes) -> tuple[str, str]:
    from charset_normalizer import from_bytes

    # Few letters beyond ASCII tell a detector too little, and Western European text is by far the likeliest then.
    western = _decoded(data, "cp1252")
    if western is not None and _looks_western(western[:_SAMPLE]):
        return western, "cp1252"
    best = from_bytes(data[:_SAMPLE]).best()
    name = best.encoding if best is not None else "cp1252"
    return data.decode(name, "replace"), name


def _looks_western(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    high = [character for character in letters if not character.isascii()]
    return (
        len(high) <= _HIGH_IN_WESTERN * len(letters)
        and all(character in _WESTERN_LETTERS for character in high)
        and not _ODD_IN_WORD.search(text)
    )
