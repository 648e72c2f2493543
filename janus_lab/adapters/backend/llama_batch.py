"""One batch for llama.cpp: tokens of several sequences, each at its position."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np


class TokenBatch:
    """Room for `size` tokens, filled anew for every reading."""

    def __init__(self, size: int) -> None:
        self._token = np.zeros(size, np.int32)
        self._position = np.zeros(size, np.int32)
        self._count = np.ones(size, np.int32)
        self._sequence = np.zeros(size, np.int32)
        self._wanted = np.zeros(size, np.int8)
        # llama.cpp takes a list of sequences for every token; ours has one, right here.
        self._lists = self._sequence.ctypes.data + np.arange(size, dtype=np.uintp) * self._sequence.itemsize
        self.size = size
        self.used = 0

    def clear(self) -> None:
        """Begin anew."""
        self.used = 0

    def add(self, tokens: Sequence[int], *, sequence: int, position: int, wanted_from: int) -> int:
        """Put tokens in at `position` and after; logits are wanted from position `wanted_from` on. Says the first one's place."""
        start, end = self.used, self.used + len(tokens)
        self._token[start:end] = tokens
        self._position[start:end] = np.arange(position, position + len(tokens))
        self._sequence[start:end] = sequence
        self._wanted[start:end] = self._position[start:end] >= wanted_from
        self.used = end
        return start

    def raw(self, api: Any) -> Any:
        """The batch as llama.cpp takes it, which reads it from our arrays."""
        return api.llama_batch(
            n_tokens=self.used,
            token=_pointer(self._token, api.llama_token),
            pos=_pointer(self._position, api.llama_pos),
            n_seq_id=_pointer(self._count, ctypes.c_int32),
            seq_id=_pointer(self._lists, ctypes.POINTER(api.llama_seq_id)),
            logits=_pointer(self._wanted, ctypes.c_int8),
        )


def _pointer(array: Any, kind: Any) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(kind))
