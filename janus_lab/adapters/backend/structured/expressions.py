"""What a text may be, as a tree of expressions over bytes. Rules are named parts, so that a tree may hold itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from janus_lab.adapters.backend.structured.numerals import Bounds


class Bytes:
    """Exactly these bytes."""

    __slots__ = ("data", "dead")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.dead = False


class OneOf:
    """One byte of a set."""

    __slots__ = ("dead", "members")

    def __init__(self, members: Iterable[int]) -> None:
        self.members = frozenset(members)
        self.dead = not self.members


class Sequel:
    """One part after another."""

    __slots__ = ("dead", "parts")

    def __init__(self, *parts: Expression) -> None:
        self.parts = parts
        self.dead = False


class Choice:
    """Any of several."""

    __slots__ = ("dead", "options")

    def __init__(self, options: Sequence[Expression]) -> None:
        self.options = tuple(options)
        self.dead = False


class Repeat:
    """An item `least` to `most` times; `most` None means without end."""

    __slots__ = ("dead", "item", "least", "most")

    def __init__(self, item: Expression, least: int = 0, most: int | None = None) -> None:
        self.item = item
        self.least = least
        self.most = most
        self.dead = False


class Rule:
    """A part that others name; its body is filled in later."""

    __slots__ = ("body", "dead")

    def __init__(self) -> None:
        self.body: Expression = NOTHING
        self.dead = False


class Numeral:
    """A number as JSON writes it, between two bounds; see `numerals`."""

    __slots__ = ("bounds", "dead")

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.dead = not bounds.possible("")


Expression: TypeAlias = Bytes | OneOf | Sequel | Choice | Repeat | Rule | Numeral
"""`dead` tells of each that no text which ends can match it; see `mark_dead`."""

NOTHING = Bytes(b"")


def optional(item: Expression) -> Expression:
    """The item, or nothing."""
    return Choice((item, NOTHING))


def mark_dead(root: Expression) -> None:
    """Find out which parts can't be matched by any text that ends, such as an object that must hold itself."""
    nodes = list(_all(root))
    living: set[int] = set()
    changed = True
    while changed:
        changed = False
        # What was met last is looked at first: parts mostly come after the whole.
        for node in reversed(nodes):
            if id(node) not in living and _lives(node, living):
                living.add(id(node))
                changed = True
    for node in nodes:
        if id(node) not in living:
            node.dead = True


def _all(root: Expression) -> Iterator[Expression]:
    """Every part of an expression, once."""
    pending, seen = [root], {id(root)}
    while pending:
        node = pending.pop()
        yield node
        for part in _parts(node):
            if id(part) not in seen:
                seen.add(id(part))
                pending.append(part)


def _parts(node: Expression) -> tuple[Expression, ...]:
    if isinstance(node, Sequel):
        return node.parts
    if isinstance(node, Choice):
        return node.options
    if isinstance(node, Repeat):
        return (node.item,)
    return (node.body,) if isinstance(node, Rule) else ()


def _lives(node: Expression, living: set[int]) -> bool:
    if isinstance(node, Choice):
        return any(id(option) in living for option in node.options)
    if isinstance(node, Repeat) and node.least == 0:
        return True
    if isinstance(node, OneOf | Numeral) and node.dead:
        return False
    return all(id(part) in living for part in _parts(node))
