"""Where an object lies: `ab/cdef…` for the key `abcdef…`, in a folder as in a bucket."""

from __future__ import annotations

import re

from janus_lab.errors import NotFound, UserError

_KEY = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{62}")


def object_name(key: str) -> str:
    """The name of a key's object. Raises UserError for what is no key, so no name leads anywhere else."""
    if not _KEY.fullmatch(key):
        raise UserError(f"{key[:80]!r} is no object key", remedy="use the 64 hexadecimal digits that storing returned")
    return f"{key[:2]}/{key[2:]}"


def key_of(name: str) -> str | None:
    """The key whose object has this name; None for what is no object of ours."""
    return name.replace("/", "", 1) if _NAME.fullmatch(name) else None


def absent(key: str) -> NotFound:
    """The error for an object that is not there."""
    return NotFound(f"there is no object {key[:12]}…", remedy="ingest the file that it came from again")
