"""A number of things in words."""

from __future__ import annotations

_HISSING = ("s", "x", "z", "ch", "sh")


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural where it is not 1: "1 file", "3 files", "3 queries", "3 keys", "3 processes"."""
    if number == 1:
        return f"{number:,} {noun}"
    if noun.endswith("y") and noun[-2:-1] not in set("aeiou"):
        return f"{number:,} {noun[:-1]}ies"
    return f"{number:,} {noun}{'es' if noun.endswith(_HISSING) else 's'}"
