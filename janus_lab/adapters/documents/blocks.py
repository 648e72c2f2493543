"""A version's text in compressed blocks, so that a span costs what it is long and not what its document is."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

BLOCK_CHARACTERS = 4096

_FAST = 1
# Text from broken files can hold lone surrogates; spans must count them all the same.
_ERRORS = "surrogatepass"


def split(text: str) -> Iterator[tuple[int, bytes]]:
    """The blocks of a text, numbered from 0."""
    for number, start in enumerate(range(0, len(text), BLOCK_CHARACTERS)):
        block = text[start : start + BLOCK_CHARACTERS]
        yield number, zlib.compress(block.encode("utf-8", _ERRORS), _FAST)


def unpack(block: bytes) -> str:
    """The characters of one block."""
    return zlib.decompress(block).decode("utf-8", _ERRORS)


def numbers(start: int, end: int) -> range:
    """The numbers of the blocks that hold characters `start`–`end` (end exclusive)."""
    return range(start // BLOCK_CHARACTERS, max(end - 1, start) // BLOCK_CHARACTERS + 1)


def cut(blocks: Mapping[int, str], start: int, end: int) -> str:
    """Characters `start`–`end` out of those blocks (by number), which must hold them."""
    wanted = numbers(start, end)
    text = "".join(blocks.get(number, "") for number in wanted)
    offset = wanted.start * BLOCK_CHARACTERS
    return text[start - offset : end - offset]
