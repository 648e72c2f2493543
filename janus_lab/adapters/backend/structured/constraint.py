"""A reply that is being written, token by token, so that it stays what a schema allows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.structured.automaton import Automaton, State
from janus_lab.errors import ModelFailed

LIKELIEST = 256
"""So many of the likeliest tokens are tried before all are gone through."""


class TokenBytes:
    """The bytes of every token of a vocabulary, in an order that finds all with a given beginning.

    `pieces[token]` is empty for tokens that write nothing; `ends` are the tokens that end a reply.
    """

    def __init__(self, pieces: Sequence[bytes], ends: Collection[int]) -> None:
        self.pieces = pieces
        self.ends = frozenset(ends)
        order = sorted((token for token in range(len(pieces)) if pieces[token]), key=pieces.__getitem__)
        self.order = [token for token in order if token not in self.ends]
        self.sorted = [pieces[token] for token in self.order]


class Constraint:
    """One reply under one schema. For one thread at a time; nothing here can end the process, whatever the schema."""

    def __init__(self, automaton: Automaton, tokens: TokenBytes) -> None:
        self._automaton = automaton
        self._tokens = tokens
        self._state = automaton.start

    @property
    def over(self) -> bool:
        """Whether the reply is whole, and nothing may follow."""
        return self._state.ends and not self._state.heads

    @property
    def whole(self) -> bool:
        """Whether the reply may end here."""
        return self._state.ends

    def best(self, logits: npt.NDArray[np.float32], count: int) -> list[int]:
        """Up to `count` tokens that may come next, the likeliest first. Raises ModelFailed if none of the vocabulary may."""
        likely = self._first(logits, count)
        if len(likely) == count:
            return likely
        permitted = self._permitted()
        if not len(permitted):
            raise ModelFailed(
                "the model has no token with which its reply could go on in the schema",
                remedy="ask without a schema, or choose another model",
            )
        ranked = permitted[np.argsort(-logits[permitted], kind="stable")]
        return [int(token) for token in ranked[:count]]

    def accept(self, token: int) -> None:
        """Go on by a token, one of those that may come next."""
        if token in self._tokens.ends:
            return
        found = self._automaton.read(self._state, self._tokens.pieces[token])
        if found is None:
            raise ModelFailed("a token was chosen that the schema does not allow", remedy="repeat without a schema")
        self._state = found

    def _first(self, logits: npt.NDArray[np.float32], count: int) -> list[int]:
        """Up to `count` permitted ones of the likeliest tokens."""
        top = int(logits.argmax())
        if count == 1 and self._may(top):
            return [top]
        size = min(LIKELIEST, len(logits))
        chosen = np.argpartition(-logits, size - 1)[:size]
        chosen = chosen[np.lexsort((chosen, -logits[chosen]))]
        found: list[int] = []
        for token in chosen:
            if self._may(int(token)):
                found.append(int(token))
                if len(found) == count:
                    break
        return found

    def _may(self, token: int) -> bool:
        if token in self._tokens.ends:
            return self._state.ends
        piece = self._tokens.pieces[token]
        return bool(piece) and self._automaton.read(self._state, piece) is not None

    def _permitted(self) -> npt.NDArray[np.intp]:
        """Every token that may come next."""
        state = self._state
        if not isinstance(state.permitted, np.ndarray):
            ends = self._tokens.ends if state.ends else ()
            state.permitted = np.array([*self._among(state, 0, len(self._tokens.sorted), 0), *ends], dtype=np.intp)
        return state.permitted

    def _among(self, state: State, low: int, high: int, depth: int) -> Iterator[int]:
        """Of the tokens from `low` to `high`, which share their first `depth` bytes, those that may follow."""
        pieces = self._tokens.sorted
        while low < high and len(pieces[low]) == depth:
            yield self._tokens.order[low]
            low += 1
        while low < high:
            piece = pieces[low]
            byte = piece[depth]
            beyond = piece[:depth] + bytes([byte + 1]) if byte < 0xFF else None  # noqa: PLR2004 - the last byte
            end = high if beyond is None else bisect_left(pieces, beyond, low, high)
            following = self._automaton.read(state, piece[depth : depth + 1])
            if following is not None:
                yield from self._among(following, low, end, depth + 1)
            low = end
