"""Texts short enough for an index."""

from __future__ import annotations

import hashlib

_CUT = "\x1f"


def bounded(value: str, longest: int) -> str:
    """At most `longest` characters of a text; the hash keeps long ones apart, their beginning keeps them in order."""
    if len(value) <= longest:
        return value
    return value[:longest] + _CUT + hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
