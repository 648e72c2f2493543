"""What one rendering of a template may take: turns of loops, characters, seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from jinja2.utils import Namespace

TURNS = 200_000
CHARACTERS = 8_000_000
SECONDS = 3.0
ITEMS = 100_000
LARGEST = 2**63


class TemplateTooCostly(Exception):
    """A template wants more than any honest one needs."""


class Budget:
    """Counts what a rendering takes, and ends it when that is too much."""

    def __init__(self) -> None:
        self._turns = 0
        self._characters = 0
        self._ends = time.monotonic() + SECONDS

    def turn(self, written: int = 0) -> bool:
        """One more turn of a loop or call of a macro, which writes so many characters of its own. Always true."""
        self._turns += 1
        if self._turns > TURNS or time.monotonic() > self._ends:
            raise TemplateTooCostly("the template goes round too often")
        self.write(written)
        return True

    def write(self, characters: int) -> None:
        """Some more text is made."""
        self._characters += characters
        if self._characters > CHARACTERS:
            raise TemplateTooCostly("the template writes too much")

    def joined(self, parts: Iterable[Any], between: str = "") -> str:
        """All parts as one text."""
        texts = []
        for part in parts:
            text = str(plain(part))
            self.write(len(text) + len(between))
            texts.append(text)
        return between.join(texts)

    def replaced(self, text: str, old: str, new: str, count: int | None = None) -> str:
        """A text with a part of it replaced."""
        times = text.count(old) if old else len(text) + 1
        self.write(len(text) + times * len(new))
        return text.replace(old, new, -1 if count is None else count)


def plain(value: Any) -> Any:
    """The value, unless it holds too much to be compared or written: lists may hold each other many times over."""
    if not isinstance(value, list | tuple | dict | Namespace):
        return value
    pending, seen = [value], 0
    while pending:
        seen += 1
        if seen > ITEMS:
            raise TemplateTooCostly("the template holds too much in one value")
        each = pending.pop()
        if isinstance(each, list | tuple):
            pending.extend(each[: ITEMS + 1])
        elif isinstance(each, dict):
            pending.extend(each.values())
        elif isinstance(each, Namespace):
            raise TemplateTooCostly("the template writes a namespace")
    return value


def computed(sign: str, left: Any, right: Any) -> Any:
    """What an operator makes of two values, as long as that stays small."""
    if sign == "+":
        if isinstance(left, str | list | tuple) and len(left) + len(right) > (
            CHARACTERS if isinstance(left, str) else ITEMS
        ):
            raise TemplateTooCostly("the template adds up too much")
        return _small(left + right)
    if sign == "%" and isinstance(left, str | bytes):
        raise TemplateTooCostly("the template formats text by %")
    if sign == "%":
        return left % right
    if sign == "**":
        if abs(right) > 64 or abs(left) > LARGEST:  # noqa: PLR2004 - no honest template needs more
            raise TemplateTooCostly("the template raises to a large power")
        return _small(left**right)
    length, times = (
        (len(left), right) if hasattr(left, "__len__") else (len(right), left) if hasattr(right, "__len__") else (0, 0)
    )
    if length * times > ITEMS:
        raise TemplateTooCostly("the template repeats something too often")
    return _small(left * right)


def _small(value: Any) -> Any:
    if isinstance(value, int) and abs(value) > LARGEST:
        raise TemplateTooCostly("the template computes with large numbers")
    return value
