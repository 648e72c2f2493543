"""Bytes of a server as text that a person can read, and the way back."""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|(\\))")


def readable(data: bytes) -> str:
    r"""The bytes as text: what is not UTF-8, or is text that can't be printed, as `\xNN` a byte; a backslash doubled."""
    text = data.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def original(text: str) -> bytes:
    """The bytes that `readable` made `text` from; other text as it stands, in UTF-8."""
    found = bytearray()
    end = 0
    for match in _ESCAPE.finditer(text):
        found += text[end : match.start()].encode("utf-8", "surrogateescape")
        found += b"\\" if match[2] else bytes.fromhex(match[1])
        end = match.end()
    return bytes(found + text[end:].encode("utf-8", "surrogateescape"))


def _escaped(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode())
