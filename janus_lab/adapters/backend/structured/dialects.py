"""What a pattern's signs stand for: while a text is written, and when one is checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from janus_lab.adapters.backend.structured.characters import Range, in_string, in_utf8, others
from janus_lab.adapters.backend.structured.expressions import Expression

Ranges = tuple[Range, ...]

_LAST_OF_ASCII = 0x7F
_DIGIT: Ranges = ((0x30, 0x39),)
_WORD: Ranges = (*_DIGIT, (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_SPACE: Ranges = ((0x9, 0xD), (0x20, 0x20))
_OTHER_SPACES: Ranges = (
    *((0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)),
    *((0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
)
NOT_A_NEWLINE: Ranges = others([(0xA, 0xA), (0xD, 0xD), (0x2028, 0x2029)])
"""What a dot stands for."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """`one` is the expression for one character of some, `spaces` what a space is; `opposite` gives what a class is not.

    `around` are the characters that may stand before and after what is found.
    """

    one: Callable[[Sequence[Range]], Expression]
    spaces: Ranges
    opposite: Callable[[Sequence[Range]], Ranges]
    around: Ranges

    def of_class(self, letter: str) -> Ranges:
        """What the classes `d`, `w` and `s` stand for; empty for other letters."""
        return {"d": _DIGIT, "w": _WORD, "s": self.spaces}.get(letter, ())


def _others_in_ascii(ranges: Sequence[Range]) -> Ranges:
    return tuple((low, min(high, _LAST_OF_ASCII)) for low, high in others(ranges) if low <= _LAST_OF_ASCII)


WRITING = Dialect(in_string, _SPACE, _others_in_ascii, NOT_A_NEWLINE)
"""Within a JSON string, and of what engines differ in (such as what a letter is) only that in which all agree."""
CHECKING = Dialect(in_utf8, (*_SPACE, *_OTHER_SPACES), others, others(()))
"""A text as it is, by ECMA-262, which JSON Schema names."""
