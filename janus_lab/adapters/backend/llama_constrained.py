"""Tokens chosen among those that a schema allows."""

from __future__ import annotations

import ctypes
from typing import Any

from janus_lab.adapters.backend.llama_context import LlamaContext
from janus_lab.adapters.backend.llama_vocabulary import Vocabulary
from janus_lab.adapters.backend.structured.constraint import Constraint, TokenBytes

AMONG = 40
"""By chance one of so many is chosen, as without a schema."""


def token_bytes(vocabulary: Vocabulary) -> TokenBytes:
    """The bytes of every token; takes a tenth of a second for fifty thousand."""
    tokens = range(vocabulary.size)
    return TokenBytes([vocabulary.piece(token) for token in tokens], [t for t in tokens if vocabulary.ends(t)])


class ConstrainedSampler:
    """Chooses what a constraint allows: the likeliest, or with `chain`, samplers of llama.cpp, one by chance.

    `choose` may raise ModelFailed or GrammarRefused, and then that one request fails. After a token with which the reply is
    `over`, nothing else may follow. Closing frees the chain.
    """

    def __init__(self, constraint: Constraint, api: Any = None, chain: Any = None) -> None:
        self._constraint = constraint
        self._api = api
        self._chain = chain

    @property
    def over(self) -> bool:
        """Whether the reply is whole, and nothing may follow."""
        return self._constraint.over

    def choose(self, context: LlamaContext, place: int) -> int:
        """The token after a place in the batch read last."""
        logits = context.logits(place)
        tokens = self._constraint.best(logits, 1 if self._chain is None else AMONG)
        token = tokens[0] if self._chain is None else self._by_chance(tokens, [float(logits[t]) for t in tokens])
        self._constraint.accept(token)
        return token

    def close(self) -> None:
        """Free the chain."""
        if self._chain is not None:
            self._api.llama_sampler_free(self._chain)

    def _by_chance(self, tokens: list[int], logits: list[float]) -> int:
        data = (self._api.llama_token_data * len(tokens))(*zip(tokens, logits, [0.0] * len(tokens), strict=True))
        candidates = self._api.llama_token_data_array(data, len(tokens), -1, False)
        self._api.llama_sampler_apply(self._chain, ctypes.byref(candidates))
        token = int(candidates.data[candidates.selected].id)
        self._api.llama_sampler_accept(self._chain, token)
        return token
