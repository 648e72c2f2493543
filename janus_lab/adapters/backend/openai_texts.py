"""How many tokens texts have for a model on a server, and what of a text fits its window."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from janus_lab.adapters.backend.openai_models import asked
from janus_lab.adapters.backend.openai_request import sendable
from janus_lab.adapters.backend.openai_server import ModelServer
from janus_lab.adapters.backend.openai_tokens import estimated_text
from janus_lab.errors import ContextTooLong, ModelFailed, ServerUnreachable

Answer = TypeVar("Answer")

_NOTHING = " "
_WORD = re.compile(r"\S+")
_AROUND_A_TEXT = 2
"""What models put before and after a text, where only an estimate counts it."""


class TextCount:
    """Counts single texts, special tokens included, by the first way that the server knows; asked of once when it is made."""

    def __init__(self, server: ModelServer, model: str) -> None:
        self._server = server
        self._model = model
        self._path = f"{server.address.beside}/tokenize"
        answer = asked(server, self._path, self._prompt("Hello"))
        self._as_prompt = _counted(answer) > 0
        self.exact = self._as_prompt or _counted(asked(server, self._path, self._content("Hello"))) > 0

    def of(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text; an estimate that is rather too high where the server can't count."""
        if not self.exact:
            return [estimated_text(text) + _AROUND_A_TEXT for text in texts]
        body = self._prompt if self._as_prompt else self._content
        return [_counted(answer) for answer in self._server.ask_each(self._path, [body(text) for text in texts])]

    def ask_within(self, texts: Sequence[str], window: int, ask: Callable[[Sequence[str]], Answer]) -> Answer:
        """What `ask` answers to the texts, each cut at so many tokens; an empty one, which servers refuse, is a space."""
        likely = [
            text if estimated_text(text) + _AROUND_A_TEXT <= window else self._cut(text, window)
            for text in (sendable(text) or _NOTHING for text in texts)
        ]
        try:
            return ask(likely)
        except ServerUnreachable:
            raise
        except (ModelFailed, ContextTooLong):
            # Counting costs a call a text, so it comes only now: strange texts have more tokens than any estimate.
            sure = [self._cut(text, window) for text in likely]
            if sure == likely:
                raise
            return ask(sure)

    def _cut(self, text: str, window: int) -> str:
        """The text up to the last word that fits, or to the last character where not one word does."""

        def tokens(end: int) -> int:
            return self.of([text[:end]])[0]

        if tokens(len(text)) <= window:
            return text
        for ends in ([word.end() for word in _WORD.finditer(text)], range(1, len(text))):
            if fitting := bisect_right(ends, window, key=tokens):
                return text[: ends[fitting - 1]]
        return _NOTHING

    def _prompt(self, text: str) -> Mapping[str, object]:
        """As vLLM wants it, and Janus Lab's own server."""
        return {"model": self._model, "prompt": sendable(text), "add_special_tokens": True}

    @staticmethod
    def _content(text: str) -> Mapping[str, object]:
        """As llama-server wants it."""
        return {"content": sendable(text), "add_special": True}


def _counted(answer: object) -> int:
    if not isinstance(answer, Mapping):
        return 0
    count, tokens = answer.get("count"), answer.get("tokens")
    if isinstance(count, int):
        return count
    return len(tokens) if isinstance(tokens, list) else 0
