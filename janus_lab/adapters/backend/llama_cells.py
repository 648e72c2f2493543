"""What the cache of keys and values holds: sequences of tokens, some in use, others kept as they may be asked for again."""

from __future__ import annotations

import itertools
from collections.abc import Sequence as Sequenced
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class Sequence:
    """One sequence of the cache: the tokens read, and the cells they lie in, which sequences with one beginning share."""

    number: int
    tokens: list[int] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    promised: int = 0
    """How many positions its user may come to fill; 0 while nobody uses it."""
    used_at: int = 0


class Cells:
    """The sequences of one context. For the thread that reads.

    A user is promised all the positions that it may need before it begins, so that nobody who has begun is ever turned out.
    Sequences that nobody uses are kept for their beginnings, and given up, the longest unused first, when cells run short.
    """

    def __init__(self, api: Any, memory: Any, *, size: int, sequences: int, window: int, whole_only: bool) -> None:
        """`window` is how far back a sliding window sees (0: all); `whole_only`: the state can't be cut (recurrent models)."""
        self._api = api
        self._memory = memory
        self._size = size
        self._window = window
        self._whole_only = whole_only
        self._sequences = [Sequence(number) for number in range(sequences)]
        self._next_cell = itertools.count()
        self._clock = itertools.count(1)

    @property
    def shareable(self) -> bool:
        """Whether one sequence's beginning can become another's while it is used."""
        return not self._whole_only

    @property
    def any_idle(self) -> bool:
        """Whether there is a sequence that nobody uses."""
        return any(not s.promised for s in self._sequences)

    def known(self, tokens: Sequenced[int]) -> int:
        """How many of these tokens need not be read again; the last one always is."""
        return self._best(tokens)[1]

    def take(self, tokens: Sequenced[int], positions: int) -> Sequence | None:
        """A sequence for what begins with these tokens and takes up to `positions`, holding as many of them as are known.

        None if it has to wait until others are done.
        """
        idle = sorted((s for s in self._sequences if not s.promised), key=lambda s: s.used_at)
        if not idle:
            return None
        source, shared = self._best(tokens)
        for target in self._targets(idle, source, shared):
            victims = self._victims(idle, source, target, shared, positions)
            if victims is not None:
                for victim in victims:
                    self.cut(victim, 0)
                self._begin(target, source, shared)
                target.promised = positions
                target.used_at = next(self._clock)
                return target
        return None

    def wrote(self, sequence: Sequence, tokens: Sequenced[int]) -> None:
        """Note that these tokens were read at the sequence's end."""
        sequence.tokens.extend(tokens)
        sequence.cells.extend(itertools.islice(self._next_cell, len(tokens)))

    def cut(self, sequence: Sequence, count: int) -> None:
        """Keep the first `count` tokens; where a state can't be cut there, none of them."""
        number, api = sequence.number, self._api
        if count and not (api.llama_memory_seq_rm(self._memory, number, count, -1) and self._reaches(sequence, count)):
            count = 0
        if not count:
            api.llama_memory_seq_rm(self._memory, number, -1, -1)
        del sequence.tokens[count:], sequence.cells[count:]

    def let_go(self, sequence: Sequence) -> None:
        """Nobody uses it any more; what it holds is kept while there is room."""
        sequence.promised = 0
        sequence.used_at = next(self._clock)

    def give_up_one(self) -> bool:
        """Forget what was unused for longest; False if there is nothing."""
        kept = [s for s in self._sequences if not s.promised and s.tokens]
        if kept:
            self.cut(min(kept, key=lambda s: s.used_at), 0)
        return bool(kept)

    def _best(self, tokens: Sequenced[int]) -> tuple[Sequence, int]:
        """The sequence that shares the longest beginning, unused ones before others, and its length."""
        found = [(self._usable(s, tokens), not s.promised, s.used_at, s) for s in self._sequences]
        shared, _, _, best = max(found, key=lambda item: item[:3])
        return best, shared

    def _usable(self, sequence: Sequence, tokens: Sequenced[int]) -> int:
        shared = min(common(sequence.tokens, tokens), len(tokens) - 1)
        if self._whole_only and shared < len(sequence.tokens):
            return 0
        return shared if shared and self._reaches(sequence, shared) else 0

    def _reaches(self, sequence: Sequence, count: int) -> bool:
        """Whether what comes after `count` tokens still finds all that it sees: of sliding windows, old cells are gone."""
        first = int(self._api.llama_memory_seq_pos_min(self._memory, sequence.number))
        return 0 <= first <= max(0, count - self._window)

    def _targets(self, idle: list[Sequence], source: Sequence, shared: int) -> list[Sequence]:
        """Where it may go, the best first: on in the same context, else into an empty one, else where it is missed least."""
        empty = next((s for s in idle if not s.tokens), None)
        own = source if shared and not source.promised else None
        if own is not None and 2 * shared >= len(own.tokens):
            return [own]
        others = [s for s in idle if s is not own]
        found = [empty or others[0]] if others else []
        return [*found, own] if own is not None else found

    def _victims(
        self, idle: list[Sequence], source: Sequence, target: Sequence, shared: int, positions: int
    ) -> list[Sequence] | None:
        """Which idle sequences must be forgotten for it, as few as possible; None if all of them are not enough."""
        kept = [s for s in self._sequences if s is not target]
        victims: list[Sequence] = []
        candidates = [s for s in idle if s is not target and s is not source and s.tokens]
        while self._room(kept, source.cells[:shared]) < positions - shared:
            if not candidates:
                return None
            victims.append(candidates.pop(0))
            kept.remove(victims[-1])
        return victims

    def _room(self, kept: list[Sequence], shared: list[int]) -> int:
        """Cells that are neither filled nor promised, if only these sequences and these cells are kept."""
        filled = set(shared).union(*(s.cells for s in kept))
        return self._size - len(filled) - sum(max(0, s.promised - len(s.tokens)) for s in kept)

    def _begin(self, target: Sequence, source: Sequence, shared: int) -> None:
        if target is source:
            self.cut(target, shared)
            return
        self.cut(target, 0)
        if shared:
            self._api.llama_memory_seq_cp(self._memory, source.number, target.number, 0, shared)
            target.tokens[:] = source.tokens[:shared]
            target.cells[:] = source.cells[:shared]


def common(first: Sequenced[int], second: Sequenced[int]) -> int:
    """How many tokens two sequences share from their beginning: compared in halves, as lists compare fast."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
