"""Count runs: how many tokens a chat or texts have, for programs that must know before they ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from janus_lab.inference.chain import Speakers
from janus_lab.inference.embedding import Embedder
from janus_lab.ports.generation import GenerationBackend
from janus_lab.runs.context import RunContext
from janus_lab.values import codec
from janus_lab.values.counting import Counted, CountRequest
from janus_lab.values.generation import TEXT, Message
from janus_lab.values.model import ModelTask


class CountService:
    """Carries out count runs. The result is a `Counted`; the model that counts is loaded for it, as it is needed next."""

    def __init__(self, speakers: Speakers, embedder: Callable[[str], Embedder]) -> None:
        self._speakers = speakers
        self._embedder = embedder

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Count as the model does. Raises what kept it from being loaded; UserError where a server's model can't count texts."""
        asked = codec.from_json(CountRequest, context.run.request)
        if asked.task is ModelTask.EMBEDDING:
            return codec.to_json(_of_texts(self._embedder(asked.model), asked.texts))
        counted = self._speakers.attempt(
            lambda model: _of_prompts(model, asked), name=asked.model, begun=context.cancelled
        )
        return codec.to_json(counted)


def _of_texts(embedder: Embedder, texts: tuple[str, ...]) -> Counted:
    # As they stand, as programs have them embedded: what the lab writes before its own texts is not theirs.
    counts = embedder.under("", "").count_tokens(texts)
    return Counted(embedder.info.name, tuple(counts), embedder.info.context_tokens)


def _of_prompts(model: GenerationBackend, asked: CountRequest) -> Counted:
    prompts = [asked.messages] if asked.messages else [(Message(TEXT, text),) for text in asked.texts]
    counts = [model.count_tokens(prompt) for prompt in prompts]
    return Counted(model.info.name, tuple(counts), model.info.context_tokens)
