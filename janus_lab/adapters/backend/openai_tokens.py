"""How many tokens a prompt has for a model on a server: as the server counts, or else an estimate that is rather too high."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from janus_lab.adapters.backend.openai_models import asked
from janus_lab.adapters.backend.openai_request import messages_body
from janus_lab.adapters.backend.openai_server import ModelServer
from janus_lab.values.generation import Message

Messages = tuple[Message, ...]
_PROBE = (Message("user", "Hello"),)
_KEPT = 64
_OF_A_MESSAGE = 8
"""Tokens that a chat template puts around a message, at most, for most models."""
_LETTERS_PER_TOKEN = 3
"""Fewer than any common vocabulary needs for prose in Latin letters."""


class TokenCount:
    """Counts prompts by the first way that the server knows; asked of once when it is made."""

    def __init__(self, server: ModelServer, model: str) -> None:
        self._server = server
        self._model = model
        ways = (self._by_messages, self._by_template)
        way: Callable[[Messages], int] = next((way for way in ways if way(_PROBE) > 0), estimated)
        self.exact = way is not estimated
        self._way = way
        self._kept = lru_cache(_KEPT)(self._count)

    def of(self, messages: Messages) -> int:
        """Tokens of the prompt these messages make, chat template included."""
        return self._kept(messages)

    def _count(self, messages: Messages) -> int:
        # A server that can't tell now, though it could, must not make a prompt look empty.
        return self._way(messages) or estimated(messages)

    def _by_messages(self, messages: Messages) -> int:
        """As vLLM does it, and Janus Lab's own server; 0 where the server can't."""
        body = {"model": self._model, "messages": messages_body(messages), "add_generation_prompt": True}
        count = asked(self._server, f"{self._server.address.beside}/tokenize", body).get("count")
        return count if isinstance(count, int) else 0

    def _by_template(self, messages: Messages) -> int:
        """As llama-server does it, in two calls; 0 where the server can't."""
        beside = self._server.address.beside
        prompt = asked(self._server, f"{beside}/apply-template", {"messages": messages_body(messages)}).get("prompt")
        if not isinstance(prompt, str):
            return 0
        body = {"content": prompt, "add_special": True, "parse_special": True}
        tokens = asked(self._server, f"{beside}/tokenize", body).get("tokens")
        return len(tokens) if isinstance(tokens, list) else 0


def estimated(messages: Messages) -> int:
    """Tokens at most, for common vocabularies and texts that people write."""
    return sum(_OF_A_MESSAGE + sum(map(estimated_text, _texts(message))) for message in messages)


def _texts(message: Message) -> Iterator[str]:
    yield message.content
    for call in message.tool_calls:
        yield f"{call.name} {call.arguments}"


def estimated_text(text: str) -> int:
    """Letters and spaces in threes; every other ASCII character alone; the rest by half its bytes."""
    ascii_count = sum(map(str.isascii, text))
    letters = sum(c.isascii() and (c.isalpha() or c == " ") for c in text)
    rest = len(text.encode("utf-8", "replace")) - ascii_count
    return -(-letters // _LETTERS_PER_TOKEN) + (ascii_count - letters) + -(-rest // 2)
