"""A kind of keys: how they are named, by the same functions that name them, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from janus_lab.adapters.keyspace.contents import Contents
from janus_lab.adapters.keyspace.decoding import Decoded

Decode: TypeAlias = Callable[[Contents], Decoded]


@dataclass(frozen=True, slots=True)
class Family:
    """Keys of one kind: how they are named (groups name the parts), what they are for, what is lost with one, how one is read."""

    name: str
    pattern: re.Pattern[str]
    about: str
    loss: str
    decode: Decode

    def decoded(self, name: bytes, contents: Contents) -> Decoded:
        """What a key means, parts of its name first. What is no value of the family's means nothing: it is shown as it is."""
        found = self.pattern.fullmatch(name.decode(errors="replace"))
        named = found.groupdict() if found else {}
        try:
            facts, members = self.decode(contents)
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
            return named, ()
        return {**named, **facts}, members


def named(build: Callable[..., str], *parts: str) -> re.Pattern[str]:
    """The pattern of names that `build` makes: each of its arguments is a group of that name."""
    marks = [f"\x00{part}\x00" for part in parts]
    text = re.escape(build(*marks))
    for part, mark in zip(parts, marks, strict=True):
        text = text.replace(re.escape(mark), f"(?P<{part}>.+)")
    return re.compile(text, re.DOTALL)


def one(name: str) -> re.Pattern[str]:
    """The pattern of that name alone."""
    return re.compile(re.escape(name))
