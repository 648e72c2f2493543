"""Text to tokens and back, by a vocabulary of llama.cpp."""

from __future__ import annotations

import ctypes
from typing import Any

_USUAL_PIECE_BYTES = 64


def tokens_of(vocabulary: Any, text: str, *, around: bool, controls: bool = False) -> list[int]:
    """A text's tokens; with `around` those that the model wants before and after it, with `controls` control tokens that it spells out."""
    import llama_cpp as api

    data = text.encode("utf-8", "replace")
    room = len(data) + 4
    while True:
        tokens = (api.llama_token * room)()
        count = api.llama_tokenize(vocabulary, data, len(data), tokens, room, around, controls)
        if count >= 0:
            return tokens[:count]
        # Some vocabularies make more tokens than the text has bytes: so many.
        room = -count


def bytes_of(vocabulary: Any, token: int) -> bytes:
    """The bytes a token stands for, perhaps only a part of a character; nothing for a control token."""
    import llama_cpp as api

    room = _USUAL_PIECE_BYTES
    while True:
        buffer = ctypes.create_string_buffer(room)
        size = api.llama_token_to_piece(vocabulary, token, buffer, room, 0, False)
        if size >= 0:
            return buffer.raw[:size]
        room = -size
