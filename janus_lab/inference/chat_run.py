"""Chat runs: messages to a reply, streamed as the run's events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from janus_lab.errors import SettingsError
from janus_lab.ports.generation import GenerationBackend
from janus_lab.runs.context import RunContext
from janus_lab.values import codec
from janus_lab.values.chat import ChatReply, ChatRequest
from janus_lab.values.event import EventKind
from janus_lab.values.generation import FinishReason, GenerationRequest, Message


class ChatService:
    """Carries out chat runs. The result is a `ChatReply`; a cancelled run keeps what was said until then."""

    def __init__(self, model: GenerationBackend | None) -> None:
        self._model = model

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Let the model go on with the chat. Raises ContextTooLong, ModelFailed, or SettingsError where there is no model."""
        if self._model is None:
            raise SettingsError(
                "no model is set that could write", remedy="set generation_model in janus.toml, then `janus down`"
            )
        asked = codec.from_json(ChatRequest, context.run.request)
        context.pin(generation_model=self._model.info.fingerprint)
        text, finish = self._say(context, self._model, asked)
        if finish is FinishReason.CANCELLED:
            context.mark_partial()
        prompt, reply = _count(self._model, asked.messages, text)
        return codec.to_json(ChatReply(text, finish, self._model.info.name, prompt, reply, context.run.id))

    @staticmethod
    def _say(context: RunContext, model: GenerationBackend, asked: ChatRequest) -> tuple[str, FinishReason]:
        request = GenerationRequest(asked.messages, asked.max_tokens, asked.temperature, asked.seed, asked.stop)
        text, finish = "", FinishReason.CANCELLED
        for token in model.stream(request, cancelled=context.cancelled):
            if token.text:
                text += token.text
                context.emit(EventKind.TOKEN, text=token.text)
            finish = token.finish or finish
        return text, finish


def _count(model: GenerationBackend, messages: tuple[Message, ...], text: str) -> tuple[int, int]:
    """Tokens of the prompt, and of the reply as the model's vocabulary would write it."""
    empty = model.count_tokens((*messages, Message("assistant", "")))
    whole = model.count_tokens((*messages, Message("assistant", text)))
    return model.count_tokens(messages), max(0, whole - empty)
