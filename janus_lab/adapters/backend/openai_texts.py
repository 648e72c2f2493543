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

Body = Mapping[str, object]
Bodies = Callable[[Sequence[str]], list[Body]]

_NOTHING = " "
_WORD = re.compile(r"\S+")
_AROUND_A_TEXT = 2
"""What models put before and after a text, where only an estimate counts it."""
_AT_ONCE = 256
"""Texts of one call, where a server counts several."""
_PROBE = ("Hello", "Hello")


class TextCount:
    """Counts single texts, special tokens included, by the first way that the server knows; asked of once when it is made."""

    def __init__(self, server: ModelServer, model: str) -> None:
        self._server = server
        self._model = model
        self._path = f"{server.address.beside}/tokenize"
        ways = (self._together, self._as_prompts, self._as_contents)
        self._bodies: Bodies | None = next((way for way in ways if self._works(way)), None)
        self.exact = self._bodies is not None

    def of(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text; an estimate that is rather too high where the server can't count."""
        if self._bodies is None:
            return [estimated_text(text) + _AROUND_A_TEXT for text in texts]
        answers = self._server.ask_each(self._path, self._bodies([sendable(text) for text in texts]))
        return [count for answer in answers for count in _counted(answer)]

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

    def _works(self, bodies: Bodies) -> bool:
        told = [count for body in bodies(_PROBE) for count in _counted(asked(self._server, self._path, body))]
        return len(told) == len(_PROBE) and min(told) > 0

    def _together(self, texts: Sequence[str]) -> list[Body]:
        """As Janus Lab's own server wants them."""
        parts = [texts[start : start + _AT_ONCE] for start in range(0, len(texts), _AT_ONCE)]
        return [{"model": self._model, "prompt": list(part), "add_special_tokens": True} for part in parts]

    def _as_prompts(self, texts: Sequence[str]) -> list[Body]:
        """As vLLM wants them."""
        return [{"model": self._model, "prompt": text, "add_special_tokens": True} for text in texts]

    @staticmethod
    def _as_contents(texts: Sequence[str]) -> list[Body]:
        """As llama-server wants them."""
        return [{"content": text, "add_special": True} for text in texts]


def _counted(answer: object) -> list[int]:
    """How many tokens an answer tells of: of several texts by Janus Lab's server, of one by others."""
    if not isinstance(answer, Mapping):
        return []
    counts, count, tokens = answer.get("counts"), answer.get("count"), answer.get("tokens")
    if isinstance(counts, list) and all(isinstance(each, int) for each in counts):
        return counts
    if isinstance(count, int):
        return [count]
    return [len(tokens)] if isinstance(tokens, list) else []
