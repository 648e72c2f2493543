"""A model's words: chats to tokens by its own template, and tokens to bytes."""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Sequence
from typing import Any

from janus_lab.errors import ModelFailed
from janus_lab.values.generation import Message

_LONGEST_PIECE = 256
_PLAIN_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\n\n' }}{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)
"""For a model that brings no template."""


class Vocabulary:
    """Tokenizer and chat template of one loaded model; safe to call from several threads."""

    def __init__(self, model: Any) -> None:
        import llama_cpp
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        self._api = llama_cpp
        self._in_use = threading.Lock()
        self._vocab: Any = llama_cpp.llama_model_get_vocab(model)
        self.size = llama_cpp.llama_vocab_n_tokens(self._vocab)
        template = llama_cpp.llama_model_chat_template(model, None)
        self._format = Jinja2ChatFormatter(
            template.decode() if template else _PLAIN_TEMPLATE,
            eos_token=self._special(llama_cpp.llama_vocab_eos(self._vocab)),
            bos_token=self._special(llama_cpp.llama_vocab_bos(self._vocab)),
        )
        # A template that writes the first token itself must not get a second one.
        self._adds_special = not template and llama_cpp.llama_vocab_get_add_bos(self._vocab)
        self._control = self._control_pattern()

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of a chat up to where the assistant speaks. Control tokens spelled out in a message stay mere text."""
        chat: Any = [{"role": m.role, "content": self._disarmed(m.content)} for m in messages]
        try:
            text = self._format(messages=chat).prompt
        except Exception as error:  # whatever a template of unknown origin raises
            raise ModelFailed(
                f"the model's chat template does not take these messages: {error}",
                remedy="choose another generation_model in janus.toml",
            ) from error
        return self._tokens(text, special=True, first=self._adds_special)

    def plain(self, text: str) -> list[int]:
        """The tokens of a text that goes on from somewhere."""
        return self._tokens(text, special=False, first=False)

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for, perhaps only a part of a character; nothing for a control token."""
        buffer = ctypes.create_string_buffer(_LONGEST_PIECE)
        size = self._api.llama_token_to_piece(self._vocab, token, buffer, _LONGEST_PIECE, 0, False)
        return buffer.raw[: max(size, 0)]

    def ends(self, token: int) -> bool:
        """Whether the model says with this token that it is done."""
        return bool(self._api.llama_vocab_is_eog(self._vocab, token))

    def close(self) -> None:
        """Let go of the model, which may be freed afterwards; what is asked then fails."""
        with self._in_use:
            self._vocab = None

    def _tokens(self, text: str, *, special: bool, first: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        room = len(data) + 2
        tokens = (self._api.llama_token * room)()
        with self._in_use:
            if self._vocab is None:
                raise ModelFailed("the model has been unloaded", remedy="repeat; it is loaded again when asked")
            count = self._api.llama_tokenize(self._vocab, data, len(data), tokens, room, first, special)
        return tokens[:count]

    def _special(self, token: int) -> str:
        return (self._api.llama_vocab_get_text(self._vocab, token) or b"").decode() if token >= 0 else ""

    def _control_pattern(self) -> re.Pattern[str] | None:
        names = (self._special(t) for t in range(self.size) if self._api.llama_vocab_is_control(self._vocab, t))
        spelled = "|".join(sorted((re.escape(n) for n in names if n), key=len, reverse=True))
        return re.compile(spelled) if spelled else None

    def _disarmed(self, text: str) -> str:
        """A document that spells out a control token can't end its message: an invisible space breaks the token up."""
        if self._control is None:
            return text
        return self._control.sub(lambda found: f"{found[0][0]}\N{ZERO WIDTH SPACE}{found[0][1:]}", text)
