"""Regular expressions of schemas as expressions: the part of them that can be kept to while a text is written or read once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from janus_lab.adapters.backend.structured.characters import Range, joined, others
from janus_lab.adapters.backend.structured.dialects import NOT_A_NEWLINE, WRITING, Dialect
from janus_lab.adapters.backend.structured.expressions import NOTHING, Choice, Expression, Repeat, Sequel
from janus_lab.errors import GrammarRefused

TIMES_AT_MOST = 10_000
_DEEPEST = 40
_CONTROLS = {"t": 0x9, "n": 0xA, "v": 0xB, "f": 0xC, "r": 0xD, "0": 0x0}
_COUNT = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_GROUP = re.compile(r"\?:|\?P?<[A-Za-z_][A-Za-z0-9_]*>")


@dataclass(frozen=True, slots=True)
class Pattern:
    """An expression over a string's content, and how many characters that has (None: without end)."""

    expression: Expression
    shortest: int
    longest: int | None


def read_pattern(pattern: str, dialect: Dialect = WRITING) -> Pattern:
    """The expression for strings in which `pattern` is found. Raises GrammarRefused for what can't be kept to.

    In the dialect for writing, what is made is always allowed by the pattern, whichever engine reads it.
    """
    return _Reader(pattern, dialect).whole()


class _Reader:
    def __init__(self, pattern: str, dialect: Dialect) -> None:
        self._text = pattern
        self._dialect = dialect
        self._at = 0
        self._depth = 0

    def whole(self) -> Pattern:
        """All of it: a branch without an anchor may stand anywhere."""
        anything = Pattern(Repeat(self._dialect.one(self._dialect.around)), 0, None)
        branches = []
        while True:
            begins = self._skip("^")
            found = self._branch()
            ends = self._skip("$")
            branches.append(_sequel([*([] if begins else [anything]), found, *([] if ends else [anything])]))
            if not self._skip("|"):
                break
        if self._at < len(self._text):
            raise self._refused(f"{self._text[self._at]!r} at {self._at}")
        return _choice(branches)

    def _alternatives(self) -> Pattern:
        branches = [self._branch()]
        while self._skip("|"):
            branches.append(self._branch())
        return _choice(branches)

    def _branch(self) -> Pattern:
        parts: list[Pattern] = []
        while (sign := self._next()) and sign not in "|)" and not (sign == "$" and self._closes()):
            parts.append(self._counted(self._atom()))
        return _sequel(parts)

    def _closes(self) -> bool:
        """Whether the dollar here ends a branch of the whole."""
        return self._depth == 0 and self._text[self._at + 1 : self._at + 2] in ("", "|")

    def _counted(self, atom: Pattern) -> Pattern:
        sign = self._next()
        if sign in ("*", "+", "?") and sign:
            self._at += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        elif sign == "{" and (found := _COUNT.match(self._text, self._at)):
            self._at = found.end()
            least = int(found[1])
            most = least if found[2] is None else int(found[3]) if found[3] else None
        else:
            return atom
        if self._next() == "+":
            raise self._refused("a possessive quantifier")
        self._skip("?")
        if max(least, most or 0) > TIMES_AT_MOST or (most is not None and most < least):
            raise self._refused(f"to repeat {least} to {most} times")
        longest = None if most is None or atom.longest is None else most * atom.longest
        return Pattern(Repeat(atom.expression, least, most), least * atom.shortest, longest)

    def _atom(self) -> Pattern:
        sign = self._next()
        self._at += 1
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._one(self._class())
        if sign == ".":
            return self._one(NOT_A_NEWLINE)
        if sign == "\\":
            return self._one(self._escape())
        if sign in "^$*+?":
            raise self._refused(f"{sign!r} at {self._at - 1}")
        return self._one(((ord(sign), ord(sign)),))

    def _group(self) -> Pattern:
        if self._next() == "?":
            found = _GROUP.match(self._text, self._at)
            if found is None:
                raise self._refused("to look around, or flags")
            self._at = found.end()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._refused("so many groups within one another")
        inner = self._alternatives()
        self._depth -= 1
        if not self._skip(")"):
            raise self._refused("a group that does not end")
        return inner

    def _class(self) -> tuple[Range, ...]:
        negated = self._skip("^")
        ranges: list[Range] = []
        named = False
        while not self._skip("]"):
            if self._at >= len(self._text):
                raise self._refused("a set of characters that does not end")
            start, is_class = self._member()
            named = named or is_class
            if not is_class and self._next() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                end, is_class = self._member()
                if is_class or end[0][0] < start[0][0]:
                    raise self._refused("a range without an end")
                start = ((start[0][0], end[0][0]),)
            ranges.extend(start)
        if not negated:
            return joined(ranges)
        return self._dialect.opposite(ranges) if named else others(ranges)

    def _member(self) -> tuple[tuple[Range, ...], bool]:
        """The next member of a set, and whether it stands for many characters."""
        sign = self._next()
        self._at += 1
        if sign != "\\":
            return ((ord(sign), ord(sign)),), False
        if self._next() == "b":
            self._at += 1
            return ((0x8, 0x8),), False
        found = self._escape()
        return found, found != ((found[0][0], found[0][0]),) if found else True

    def _escape(self) -> tuple[Range, ...]:
        sign = self._next()
        self._at += 1
        if found := self._dialect.of_class(sign):
            return found
        if found := self._dialect.of_class(sign.lower()):
            return self._dialect.opposite(found)
        if sign in ("x", "u"):
            return self._code(2 if sign == "x" else 4)
        if sign in _CONTROLS and not (sign == "0" and self._next().isdigit()):
            return ((_CONTROLS[sign], _CONTROLS[sign]),)
        if not sign or sign.isalnum():
            raise self._refused(f"the escape \\{sign}")
        return ((ord(sign), ord(sign)),)

    def _code(self, digits: int) -> tuple[Range, ...]:
        text = self._text[self._at : self._at + digits]
        if re.fullmatch(f"[0-9A-Fa-f]{{{digits}}}", text) is None:
            raise self._refused("a code point written so")
        self._at += digits
        return ((int(text, 16), int(text, 16)),)

    def _one(self, ranges: tuple[Range, ...]) -> Pattern:
        return Pattern(self._dialect.one(ranges), 1, 1)

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, sign: str) -> bool:
        if self._next() != sign:
            return False
        self._at += 1
        return True

    def _refused(self, what: str) -> GrammarRefused:
        return GrammarRefused(
            f"the pattern {self._text[:80]!r} can't be kept to: {what}",
            remedy="write it with characters, sets, groups, | and counts only, or check it yourself afterwards",
        )


def _sequel(parts: list[Pattern]) -> Pattern:
    if not parts:
        return Pattern(NOTHING, 0, 0)
    longest = 0
    for part in parts:
        if part.longest is None:
            return Pattern(Sequel(*[p.expression for p in parts]), sum(p.shortest for p in parts), None)
        longest += part.longest
    return Pattern(Sequel(*[p.expression for p in parts]), sum(p.shortest for p in parts), longest)


def _choice(branches: list[Pattern]) -> Pattern:
    if len(branches) == 1:
        return branches[0]
    lengths = [branch.longest for branch in branches]
    longest = None if None in lengths else max(length or 0 for length in lengths)
    return Pattern(Choice([b.expression for b in branches]), min(b.shortest for b in branches), longest)
