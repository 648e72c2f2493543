"""Chat runs: messages to a reply, streamed as the run's events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from janus_lab.inference.chain import Speakers
from janus_lab.ports.generation import GenerationBackend
from janus_lab.runs.context import RunContext
from janus_lab.values import codec
from janus_lab.values.chat import AS_MANY_AS_FIT, ChatReply, ChatRequest
from janus_lab.values.event import EventKind
from janus_lab.values.generation import FinishReason, GenerationRequest, Message, Token, Usage

WINDOW_UNTOLD = 4096
"""The window of a server's model that does not tell it."""


@dataclass(slots=True)
class _Said:
    """What was said so far, and the stream's last piece."""

    text: str = ""
    last: Token | None = None


class ChatService:
    """Carries out chat runs. The result is a `ChatReply`; a cancelled run keeps what was said until then."""

    def __init__(self, speakers: Speakers) -> None:
        self._speakers = speakers

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Let a model go on with the chat. Raises ContextTooLong, ModelFailed, or SettingsError where there is no model."""
        asked = codec.from_json(ChatRequest, context.run.request)
        said = _Said()
        reply = self._speakers.attempt(
            lambda model: _reply(context, model, asked, said), name=asked.model, begun=lambda: bool(said.text)
        )
        if reply.finish is FinishReason.CANCELLED:
            context.mark_partial()
        return codec.to_json(reply)


def _reply(context: RunContext, model: GenerationBackend, asked: ChatRequest, said: _Said) -> ChatReply:
    info = model.info
    context.pin(generation_model=info.fingerprint)
    request = GenerationRequest(
        asked.messages,
        _tokens(model, asked),
        asked.temperature,
        asked.seed,
        asked.stop,
        asked.schema,
        asked.tools,
        asked.must_call,
    )
    for token in model.stream(request, cancelled=context.cancelled):
        said.last = token
        if token.text:
            said.text += token.text
            context.emit(EventKind.TOKEN, text=token.text)
    last = said.last or Token("", FinishReason.CANCELLED)
    usage = last.usage or _counted(model, asked.messages, said.text)
    return ChatReply(
        said.text,
        last.finish or FinishReason.CANCELLED,
        last.model or info.name,
        usage.prompt_tokens,
        usage.reply_tokens,
        context.run.id,
        usage.cached_tokens,
        last.tool_calls,
        tuple(context.concessions),
    )


def _tokens(model: GenerationBackend, asked: ChatRequest) -> int:
    """How many tokens the reply may have."""
    if asked.max_tokens != AS_MANY_AS_FIT:
        return asked.max_tokens
    window = model.info.context_tokens or WINDOW_UNTOLD
    return max(1, window - model.count_tokens(asked.messages, asked.tools))


def _counted(model: GenerationBackend, messages: tuple[Message, ...], text: str) -> Usage:
    """Tokens of the prompt, and of the reply as the model's vocabulary would write it."""
    empty = model.count_tokens((*messages, Message("assistant", "")))
    whole = model.count_tokens((*messages, Message("assistant", text)))
    return Usage(model.count_tokens(messages), max(0, whole - empty))
