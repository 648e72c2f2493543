"""A model's words: chats to tokens by its own template, and tokens to bytes."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from janus_lab.adapters.backend.chat_templates.chat_template import chat_writer
from janus_lab.adapters.backend.llama_text import bytes_of, tokens_of
from janus_lab.errors import ModelFailed, UserError
from janus_lab.values.generation import TEXT, Message


class Vocabulary:
    """Tokenizer and chat template of one loaded model; safe to call from several threads."""

    def __init__(self, model: Any) -> None:
        import llama_cpp

        self._api = llama_cpp
        self._in_use = threading.Lock()
        self._vocab: Any = llama_cpp.llama_model_get_vocab(model)
        self.size = llama_cpp.llama_vocab_n_tokens(self._vocab)
        template = llama_cpp.llama_model_chat_template(model, None)
        self._first = self._special(llama_cpp.llama_vocab_bos(self._vocab))
        self._write = chat_writer(
            template.decode("utf-8", "replace") if template else "",
            bos=self._first,
            eos=self._special(llama_cpp.llama_vocab_eos(self._vocab)),
        )
        self._adds_first = bool(llama_cpp.llama_vocab_get_add_bos(self._vocab))
        self._control = self._control_pattern()

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of a chat up to where the assistant speaks, or of a text (a message of the role "text", alone).

        Control tokens spelled out in a message stay mere text. Raises ModelFailed for messages that the template refuses.
        """
        if any(message.role == TEXT for message in messages):
            if len(messages) > 1:
                raise UserError("a text is gone on with alone, not among messages", remedy="ask for it by itself")
            return self._tokens(messages[0].content, special=False, first=self._adds_first)
        text = self._write([replace(m, content=self._disarmed(m.content)) for m in messages])
        # A template that writes the first token itself must not get a second one.
        return self._tokens(text, special=True, first=self._adds_first and not text.startswith(self._first or "\0"))

    def plain(self, text: str) -> list[int]:
        """The tokens of a text that goes on from somewhere."""
        return self._tokens(text, special=False, first=False)

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for, perhaps only a part of a character; nothing for a control token."""
        with self._in_use:
            return bytes_of(self._there(), token)

    def ends(self, token: int) -> bool:
        """Whether the model says with this token that it is done."""
        with self._in_use:
            return bool(self._api.llama_vocab_is_eog(self._there(), token))

    def close(self) -> None:
        """Let go of the model, which may be freed afterwards; what is asked then fails."""
        with self._in_use:
            self._vocab = None

    def _tokens(self, text: str, *, special: bool, first: bool) -> list[int]:
        with self._in_use:
            return tokens_of(self._there(), text, around=first, controls=special)

    def _there(self) -> Any:
        if self._vocab is None:
            raise ModelFailed("the model has been unloaded", remedy="repeat; it is loaded again when asked")
        return self._vocab

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
