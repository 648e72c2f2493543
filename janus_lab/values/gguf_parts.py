"""Models in several files: GGUF files that were split, named after their place among all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

_PART = re.compile(r"(?P<stem>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<ending>\.gguf)", re.IGNORECASE | re.DOTALL)
_PARTS_AT_MOST = 1000


def parts_of(file: str) -> tuple[str, ...]:
    """The files of a split GGUF model, from the first, whichever of them is named; any other file alone."""
    found = _PART.fullmatch(file)
    if found is None or not 1 <= int(found["number"]) <= int(found["count"]) <= _PARTS_AT_MOST:
        return (file,)
    count = int(found["count"])
    return tuple(f"{found['stem']}-{number:05}-of-{count:05}{found['ending']}" for number in range(1, count + 1))


def without_part(stem: str) -> str:
    """A file's name, without its ending, and without its place among a model's parts."""
    found = _PART.fullmatch(f"{stem}.gguf")
    return found["stem"] if found else stem


def joined_hash(hashes: Sequence[str]) -> str:
    """What names a model's content: the SHA-256 of its file, or of its files' hashes in their order."""
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
