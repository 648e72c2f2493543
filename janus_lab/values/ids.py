"""Identifiers derived from content, so that doing the same thing twice names the same thing."""

from __future__ import annotations

import hashlib
import os
import time
import uuid

_SEPARATOR = b"\x1f"


def content_id(kind: str, *parts: str) -> str:
    """Name a thing by what it is made of: 128 bits of SHA-256 over `kind` and `parts`, as 32 hexadecimal digits."""
    digest = hashlib.sha256(kind.encode())
    for part in parts:
        digest.update(_SEPARATOR)
        digest.update(part.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def bytes_hash(data: bytes) -> str:
    """SHA-256 of some bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def point_id(chunk_id: str) -> str:
    """The UUID under which a vector store keeps a chunk (stores take UUIDs or integers only)."""
    return str(uuid.UUID(hex=chunk_id))


def new_run_id() -> str:
    """A fresh run id: unique, and sorting by time of creation (UUID version 7, RFC 9562)."""
    milliseconds = time.time_ns() // 1_000_000
    tail = int.from_bytes(os.urandom(10))
    value = (milliseconds << 80) | tail
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return uuid.UUID(int=value).hex
