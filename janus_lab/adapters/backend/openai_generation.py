"""Text by a server that speaks OpenAI's API: vLLM, TabbyAPI, llama-server, Ollama, our own, and others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from janus_lab.adapters.backend.openai_models import described, offered_model
from janus_lab.adapters.backend.openai_reply import Reply
from janus_lab.adapters.backend.openai_request import chat_body
from janus_lab.adapters.backend.openai_server import Cancelled, ModelServer, Stopped, wanted_as_long_as
from janus_lab.adapters.backend.openai_tokens import TokenCount, estimated_text
from janus_lab.adapters.backend.reply_schema import check_reply, parse_schema
from janus_lab.errors import ContextTooLong
from janus_lab.values.generation import FinishReason, GenerationRequest, Message, Token, Tool
from janus_lab.values.load_order import LoadOrder, StillWanted

PATIENCE_SECONDS = 300.0
"""A server on a CPU may read a long prompt for minutes before it says a word."""


@contextmanager
def open_generation(order: LoadOrder) -> Iterator[ServedGeneration]:
    """A model that somebody's server runs; its address is the record's URI.

    Raises AccessDenied, ServerUnreachable, SettingsError if no model is chosen where several are offered, or ModelFailed.
    """
    with ModelServer.of(order, PATIENCE_SECONDS) as server:
        yield ServedGeneration(server, order)


class ServedGeneration:
    """A model on a server, which may serve many requests at once."""

    def __init__(self, server: ModelServer, order: LoadOrder) -> None:
        options = order.record.options
        offered = offered_model(server, options.remote_model)
        self._server = server
        self._model = offered.name
        self._tokens = TokenCount(server, offered.name)
        window = options.context_tokens or offered.window or order.plan.context_tokens
        self.info = replace(described(order, offered.name), context_tokens=window)

    def count_tokens(self, messages: tuple[Message, ...], tools: tuple[Tool, ...] = ()) -> int:
        """Tokens of the prompt these messages make; an estimate that is rather too high where the server can't count."""
        described = sum(estimated_text(f"{tool.name} {tool.description} {tool.parameters}") for tool in tools)
        return self._tokens.of(messages) + described

    def stream(self, request: GenerationRequest, *, cancelled: Cancelled) -> Iterator[Token]:
        """Generate piece by piece; see `janus_lab.ports.generation`. A reply that breaks off raises ModelFailed."""
        try:
            with wanted_as_long_as(_stopping(cancelled)):
                prompt = self.count_tokens(request.messages, request.tools)
        except Stopped:
            return iter([self._unfinished()])
        self._check_room(prompt, request.max_tokens)
        if request.max_tokens < 1:
            return iter([Token("", FinishReason.LENGTH, model=self.info.name)])
        return self._speak(request, chat_body(request, self._model, self._server.address.host), cancelled)

    def _speak(self, request: GenerationRequest, body: dict[str, object], cancelled: Cancelled) -> Iterator[Token]:
        reply = Reply(request, self._server.address.shown)
        written: list[str] = []
        try:
            with closing(self._server.events("/chat/completions", body, cancelled)) as events:
                for event in events:
                    if text := reply.take(event):
                        written.append(text)
                        yield Token(text)
                    if reply.enough:
                        break
        except Stopped:
            yield self._unfinished()
            return
        last = reply.last(self.info.name, self._model)
        if request.schema and last.finish is FinishReason.STOP:
            check_reply("".join([*written, last.text]), parse_schema(request.schema))
        yield last

    def _unfinished(self) -> Token:
        return Token("", FinishReason.CANCELLED, model=self.info.name)

    def _check_room(self, prompt: int, wanted: int) -> None:
        if prompt + wanted > self.info.context_tokens:
            raise ContextTooLong(
                f"the prompt has {'' if self._tokens.exact else 'about '}{prompt} tokens and {wanted} more are wanted,"
                f" but the model's window is {self.info.context_tokens}",
                remedy="ask with fewer or shorter chunks, or give the model its true window as context_tokens",
            )


def _stopping(cancelled: Cancelled) -> StillWanted:
    def still_wanted() -> None:
        if cancelled():
            raise Stopped

    return still_wanted
