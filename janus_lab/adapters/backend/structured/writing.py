"""JSON as it is written: white space, strings, literals and any value at all, as expressions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import Any

from janus_lab.adapters.backend.structured.characters import Range, any_in_string, in_string, others
from janus_lab.adapters.backend.structured.expressions import (
    NOTHING,
    Bytes,
    Choice,
    Expression,
    OneOf,
    Repeat,
    Sequel,
)

_DEEPEST_INDENT = 24
QUOTE = Bytes(b'"')
SPACE = Choice([NOTHING, Bytes(b" ")])
BREAK = Choice([NOTHING, Bytes(b" "), Sequel(Bytes(b"\n"), Repeat(OneOf(b" \t"), 0, _DEEPEST_INDENT))])
"""White space where a line may end: bounded, as small models like to go on with it."""
COMMA = Sequel(Bytes(b","), BREAK)
COLON = Sequel(Bytes(b":"), SPACE)


def text(least: int = 0, most: int | None = None) -> Expression:
    """A string of so many characters."""
    return quoted(Repeat(any_in_string(), least, most))


def quoted(content: Expression) -> Expression:
    """A string with that content."""
    return Sequel(QUOTE, content, QUOTE)


def literal(value: Any) -> Bytes:
    """Exactly this value."""
    return Bytes(json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace"))


def one_of(values: Sequence[Any]) -> Expression:
    """Any of these values. What they begin with in common is read once, so that there may be thousands."""
    return _one_of(sorted({literal(value).data for value in values}))


def _one_of(texts: Sequence[bytes]) -> Expression:
    """One of some texts, which are sorted."""
    if len(texts) < 2:  # noqa: PLR2004 - one or none
        return Choice([Bytes(text) for text in texts])
    first, last = texts[0], texts[-1]
    shared = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    branches = groupby(texts, key=lambda text: text[shared : shared + 1])
    rests = [_one_of([text[shared:] for text in branch]) for _, branch in branches]
    return Sequel(Bytes(first[:shared]), Choice(rests))


def other_key(names: Sequence[str]) -> Expression:
    """A string that is none of these, without escapes that could spell one of them in another way."""
    return quoted(_unlike(tuple(sorted(names)), 0))


def _unlike(names: tuple[str, ...], depth: int) -> Expression:
    """The rest of a string that shares its first `depth` characters with all of these, and is none of them."""
    firsts = sorted({name[depth] for name in names if len(name) > depth})
    options: list[Expression] = [
        Sequel(_one(first), _unlike(tuple(n for n in names if n[depth : depth + 1] == first), depth + 1))
        for first in firsts
    ]
    options.append(Sequel(in_string(others([(ord(c), ord(c)) for c in firsts])), Repeat(_any())))
    if all(len(name) != depth for name in names):
        options.append(NOTHING)
    return Choice(options)


def _one(character: str) -> Expression:
    return in_string(((ord(character), ord(character)),))


@cache
def _any() -> Expression:
    whole: tuple[Range, ...] = others(())
    return in_string(whole)
