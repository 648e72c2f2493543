"""The lab's model as a LangChain chat model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables.config import run_in_executor
from pydantic import ConfigDict, Field

from janus_lab.lab import Lab
from janus_lab.lab.models import pieces
from janus_lab.langchain.messages import PROVIDER, last_message, ours, piece_message, reply_message
from janus_lab.runs.handle import RunHandle
from janus_lab.values.chat import ChatPiece, ChatReply


class ChatJanus(BaseChatModel):
    """Chats with the model of the lab's engine room. It writes text: no tools, no structured output, no images.

    `max_tokens`, `temperature`, `seed` and `stop` may be given with each call, too; `max_tokens` None means the lab's setting
    `answer_tokens`. Closing a stream stops the model.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="ignore")

    lab: Lab = Field(exclude=True, repr=False)
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float = Field(default=0.0, ge=0)
    seed: int = 0
    stop: list[str] | None = None

    @property
    def model(self) -> str:
        """The model that the lab's settings name: its URI."""
        return self.lab.settings.generation_model

    @property
    def _llm_type(self) -> str:
        return "janus"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, **self._options(None, {})}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop or self.stop or None, **kwargs)
        return {**params, "ls_provider": PROVIDER}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - a reply that comes at once has no tokens to tell
        **kwargs: Any,
    ) -> ChatResult:
        reply = self._start(messages, stop, kwargs).wait(ChatReply)
        return ChatResult(generations=[ChatGeneration(message=reply_message(reply))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with closing(pieces(self._start(messages, stop, kwargs))) as said:
            for piece in said:
                chunk = _chunk(piece)
                if run_manager is not None and piece.text:
                    run_manager.on_llm_new_token(piece.text, chunk=chunk)
                yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        handle = await run_in_executor(None, self._start, messages, stop, kwargs)
        said = pieces(handle)
        over = False
        try:
            while (piece := await run_in_executor(None, next, said, None)) is not None:
                chunk = _chunk(piece)
                over = piece.reply is not None
                if run_manager is not None and piece.text:
                    await run_manager.on_llm_new_token(piece.text, chunk=chunk)
                yield chunk
        finally:
            if not over:
                # A thread may still wait for the next piece, so its iterator can't be closed from here.
                await run_in_executor(None, handle.cancel)

    def _start(self, messages: list[BaseMessage], stop: list[str] | None, given: dict[str, Any]) -> RunHandle:
        return self.lab.start_chat(ours(messages), **self._options(stop, given))

    def _options(self, stop: list[str] | None, given: dict[str, Any]) -> dict[str, Any]:
        return {
            "max_tokens": given.get("max_tokens", self.max_tokens),
            "temperature": given.get("temperature", self.temperature),
            "seed": given.get("seed", self.seed),
            "stop": tuple(self.stop or ()) if stop is None else tuple(stop),
        }


def _chunk(piece: ChatPiece) -> ChatGenerationChunk:
    message = piece_message(piece.text) if piece.reply is None else last_message(piece.reply)
    return ChatGenerationChunk(message=message)
