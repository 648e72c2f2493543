"""The engine room's models for direct use: embeddings of any texts, and chats without documents."""

from __future__ import annotations

import base64
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING

from janus_lab.errors import UserError
from janus_lab.runs.client import RunClient
from janus_lab.runs.handle import RunHandle
from janus_lab.settings import Settings
from janus_lab.values.chat import AS_MANY_AS_FIT, ChatPiece, ChatReply, ChatRequest
from janus_lab.values.counting import CountRequest
from janus_lab.values.embedding import Embedded, EmbedRequest, TextUse, of_one_model
from janus_lab.values.event import EventKind
from janus_lab.values.generation import Message, Tool
from janus_lab.values.run import Priority, RunKind

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

TEXTS_A_RUN = 512
"""More texts go in several runs, so that no row of the ledger grows beyond a megabyte or two."""


class ModelUse:
    """What a lab does with its models alone. Each call is a run, which is forgotten after `keep_lookups_days`."""

    settings: Settings
    _client: RunClient

    def embed(self, texts: Sequence[str], *, model: str = "", use: TextUse = TextUse.PLAIN) -> npt.NDArray[np.float32]:
        """Embeddings of unit length, shape `(len(texts), dim)`; texts over the model's window are cut.

        With `model`, by the model of that name instead of the one in use. `use` gives texts the prefix that the model was trained
        with for queries, or for what is searched, as the lab's own search does; without it they are read as they stand.
        """
        import numpy as np

        parts = [handle.wait(Embedded) for handle in self.start_embed(texts, model=model, use=use)]
        return np.concatenate([_array(part) for part in of_one_model(parts)])

    def start_embed(
        self,
        texts: Sequence[str],
        *,
        model: str = "",
        use: TextUse = TextUse.PLAIN,
        priority: Priority = Priority.INTERACTIVE,
    ) -> list[RunHandle]:
        """Begin to embed and return at once: one run for every few hundred texts, whose results are `Embedded`."""
        # No text at all is still asked for once: the answer knows how long an embedding is.
        parts = [tuple(texts[n : n + TEXTS_A_RUN]) for n in range(0, max(1, len(texts)), TEXTS_A_RUN)]
        return [self._client.start(RunKind.EMBED, EmbedRequest(part, model, use), priority) for part in parts]

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
        schema: str = "",
        tools: Sequence[Tool] = (),
        model: str = "",
    ) -> ChatReply:
        """What the model says next. Interrupting stops it and gives what it had said; see `start_chat`."""
        handle = self.start_chat(
            messages,
            max_tokens=max_tokens,
            temperature=temperature,
            seed=seed,
            stop=stop,
            schema=schema,
            tools=tools,
            model=model,
        )
        return handle.wait(ChatReply)

    def stream_chat(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
        schema: str = "",
        tools: Sequence[Tool] = (),
        model: str = "",
    ) -> Iterator[ChatPiece]:
        """Like `chat`, piece by piece, and the whole reply with the last. Closing the iterator stops the model."""
        handle = self.start_chat(
            messages,
            max_tokens=max_tokens,
            temperature=temperature,
            seed=seed,
            stop=stop,
            schema=schema,
            tools=tools,
            model=model,
        )
        return pieces(handle)

    def start_chat(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
        schema: str = "",
        tools: Sequence[Tool] = (),
        must_call: str = "",
        model: str = "",
        priority: Priority = Priority.INTERACTIVE,
    ) -> RunHandle:
        """Begin a chat and return at once. `max_tokens` None: the setting `answer_tokens`; or `AS_MANY_AS_FIT`.

        With `schema`, a JSON schema as text, the reply is JSON that it allows; with `tools` the model may ask for calls of them,
        and with `must_call` it has to (the tool's name, or `ANY_TOOL`); with `model`, only the model of that name answers.

        Raises UserError for a request that makes no sense; the run fails where prompt and reply do not fit the window.
        """
        if not messages:
            raise UserError("there is no message", remedy='give at least one, such as Message("user", "Hello")')
        wanted = self.settings.answer_tokens if max_tokens is None else max_tokens
        if (wanted < 1 and wanted != AS_MANY_AS_FIT) or temperature < 0 or "" in stop:
            raise UserError(
                "a chat needs max_tokens of at least 1, a temperature of at least 0, and stops that are not empty",
                remedy="correct those, then repeat",
            )
        request = ChatRequest(
            tuple(messages), wanted, temperature, seed, tuple(stop), schema, tuple(tools), model, must_call
        )
        return self._client.start(RunKind.CHAT, request, priority)

    def start_count(self, request: CountRequest, *, priority: Priority = Priority.INTERACTIVE) -> RunHandle:
        """Begin to count a chat's or texts' tokens as a model does, and return at once; the run's result is a `Counted`."""
        return self._client.start(RunKind.COUNT, request, priority)


def pieces(handle: RunHandle) -> Generator[ChatPiece]:
    """What a chat says as it comes, then the whole reply. Closed before its end, it cancels the run."""
    over = False
    try:
        for event in handle.events():
            if event.kind is EventKind.TOKEN:
                yield ChatPiece(str(event.data["text"]))
        over = True
    finally:
        if not over:
            handle.cancel()
    yield ChatPiece("", handle.wait(ChatReply))


def _array(value: Embedded) -> npt.NDArray[np.float32]:
    import numpy as np

    numbers = np.frombuffer(base64.b64decode(value.data), dtype="<f4")
    return numbers.reshape(value.count, value.dimensions).astype(np.float32)
