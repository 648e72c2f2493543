"""Reads a text byte by byte along an expression, and knows at each one what may follow."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Final

from janus_lab.adapters.backend.structured.expressions import (
    Bytes,
    Choice,
    Expression,
    Numeral,
    OneOf,
    Repeat,
    Rule,
    Sequel,
)
from janus_lab.errors import GrammarRefused

PATHS_AT_MOST = 400
"""In so many ways at once a text may be read. More comes from schemas whose alternatives begin alike, within one another."""
_WAYS_AT_MOST = 20_000
"""So many parts are looked at to find out what may come next. More comes from repetitions of what may be empty, within one another."""
_STATES_KEPT = 20_000

Position = int | str
"""How far a part was read: bytes of it, parts of it, times, or a number's digits."""


class Path:
    """One way to go on: a part, how far it was read, and what comes after it. Equal ones are the same object."""

    __slots__ = ("node", "position", "rest")

    def __init__(self, node: Expression | None, position: Position, rest: Path | None) -> None:
        self.node = node
        self.position = position
        self.rest = rest


class State:
    """Everything that may follow a text that was read. `ends`: the text may end here."""

    __slots__ = ("ends", "following", "heads", "permitted")

    def __init__(self, heads: frozenset[Path], *, ends: bool) -> None:
        self.heads = heads
        self.ends = ends
        self.following: dict[int, State | None] = {}
        self.permitted: object = None
        """Room for what is worked out of a state once."""


class Automaton:
    """Goes along one expression. States are made when they are reached, and kept. Safe to use from several threads."""

    def __init__(self, root: Expression) -> None:
        self._end: Final = Path(None, 0, None)
        self._paths: dict[tuple[int, Position, int], Path] = {}
        self._states: dict[tuple[frozenset[Path], bool], State] = {}
        self._root = root
        self._making = threading.Lock()
        self.ways = 0
        """How many parts were looked at so far: what the states took to make."""
        self.start = self._state([self._path(root, 0, self._end)])

    def step(self, state: State, byte: int) -> State | None:
        """The state after one more byte; None if it may not come here. Raises GrammarRefused if there are too many ways."""
        with self._making:
            if byte not in state.following:
                state.following[byte] = self._follow(state, byte)
            return state.following[byte]

    def _follow(self, state: State, byte: int) -> State | None:
        if len(self._states) > _STATES_KEPT:
            self._forget()
        after = [path for head in state.heads for path in self._after(head, byte)]
        found = self._state(after) if after else None
        return found if found is not None and (found.heads or found.ends) else None

    def read(self, state: State | None, data: bytes) -> State | None:
        """The state after these bytes, None if they may not come here."""
        for byte in data:
            if state is None:
                return None
            following = state.following
            state = following[byte] if byte in following else self.step(state, byte)
        return state

    def _forget(self) -> None:
        """Let go of states that nobody stands on; those that somebody does stay whole."""
        self._states.clear()
        self._paths.clear()
        self.start.following.clear()

    def _after(self, head: Path, byte: int) -> Iterator[Path]:
        node, position, rest = head.node, head.position, head.rest
        if isinstance(node, Bytes) and isinstance(position, int):
            if node.data[position] == byte:
                yield self._path(node, position + 1, rest)
        elif isinstance(node, OneOf):
            if byte in node.members and rest is not None:
                yield rest
        elif isinstance(node, Numeral):
            text = f"{position or ''}{chr(byte)}"
            if node.bounds.possible(text):
                yield self._path(node, text, rest)

    def _state(self, paths: Iterable[Path]) -> State:
        heads, ends = key = self._heads(paths)
        found = self._states.get(key)
        if found is None:
            found = self._states[key] = State(heads, ends=ends)
        return found

    def _heads(self, paths: Iterable[Path]) -> tuple[frozenset[Path], bool]:
        """The paths whose next part is read byte by byte, and whether one of them is at its end."""
        heads: set[Path] = set()
        pending, seen = list(paths), set[Path]()
        ends = False
        while pending:
            path = pending.pop()
            if path in seen or (path.node is not None and path.node.dead):
                continue
            seen.add(path)
            if path.node is None:
                ends = True
            elif self._is_head(path):
                heads.add(path)
            pending.extend(self._within(path))
            if len(heads) > PATHS_AT_MOST or len(seen) > _WAYS_AT_MOST:
                raise GrammarRefused(
                    "the schema can be read in too many ways at once",
                    remedy="give its alternatives a property that tells them apart, and put it first",
                )
        self.ways += len(seen)
        return frozenset(heads), ends

    @staticmethod
    def _is_head(path: Path) -> bool:
        node = path.node
        if isinstance(node, Bytes):
            return path.position != len(node.data)
        return isinstance(node, OneOf | Numeral)

    def _within(self, path: Path) -> Iterator[Path]:
        """What the next part of a path consists of, or what comes after it."""
        node, position, rest = path.node, path.position, path.rest
        if rest is None:
            return
        if isinstance(node, Numeral):
            if node.bounds.complete(str(position or "")):
                yield rest
        elif isinstance(node, Rule):
            yield self._path(node.body, 0, rest)
        elif isinstance(node, Choice):
            for option in node.options:
                yield self._path(option, 0, rest)
        elif isinstance(position, int):
            yield from self._counted(node, position, rest)

    def _counted(self, node: Expression | None, position: int, rest: Path) -> Iterator[Path]:
        if isinstance(node, Bytes):
            if position == len(node.data):
                yield rest
        elif isinstance(node, Sequel):
            if position == len(node.parts):
                yield rest
            else:
                last = position + 1 == len(node.parts)
                yield self._path(node.parts[position], 0, rest if last else self._path(node, position + 1, rest))
        elif isinstance(node, Repeat):
            if position >= node.least:
                yield rest
            if node.most is None or position < node.most:
                count = min(position + 1, node.least) if node.most is None else position + 1
                yield self._path(node.item, 0, self._path(node, count, rest))

    def _path(self, node: Expression, position: Position, rest: Path | None) -> Path:
        key = (id(node), position, id(rest))
        found = self._paths.get(key)
        if found is None:
            found = self._paths[key] = Path(node, position, rest)
        return found
