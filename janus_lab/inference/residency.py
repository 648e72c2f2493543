"""Which models are in memory: each is loaded when it is first asked for, once, and unloaded at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Generic, Self, TypeVar

import numpy as np
import numpy.typing as npt

from janus_lab.errors import EngineError, SettingsError
from janus_lab.inference.embedding import Embedder
from janus_lab.inference.recent_embeddings import RecentEmbeddings
from janus_lab.ports.embedding import EmbeddingBackend, EmbeddingCache
from janus_lab.ports.generation import GenerationBackend, SupportsScoring
from janus_lab.values.generation import GenerationRequest, Message, ModelInfo, Token

Model = TypeVar("Model")
Opener = Callable[[], AbstractContextManager[Model]]
SENTENCES_KEPT = 20_000
"""About 30 MB at 384 dimensions."""


class Residency:
    """The models of one engine room. What it hands out loads its model at the first use, whichever thread that is in."""

    def __init__(
        self,
        *,
        open_embedding: Opener[EmbeddingBackend],
        open_generation: Opener[GenerationBackend],
        cache: EmbeddingCache,
    ) -> None:
        self._embedding = _OnDemand("embedding", open_embedding)
        self._generation = _OnDemand("generation", open_generation)
        self._embedder = Embedder(ResidentEmbedding(self._embedding), cache)
        self._passing = Embedder(ResidentEmbedding(self._embedding), RecentEmbeddings(SENTENCES_KEPT))
        self._generator = ResidentGeneration(self._generation)

    def embedder(self) -> Embedder:
        """Embeds texts and queries."""
        return self._embedder

    def passing_embedder(self) -> Embedder:
        """Embeds sentences that are weighed for one question: nothing of them is kept on disk."""
        return self._passing

    def generator(self) -> ResidentGeneration:
        """Generates and scores text."""
        return self._generator

    def close(self) -> None:
        """Unload every model, waiting for what it is busy with."""
        self._generation.close()
        self._embedding.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class ResidentEmbedding:
    """An `EmbeddingBackend` that is loaded when it is needed."""

    def __init__(self, model: _OnDemand[EmbeddingBackend]) -> None:
        self._model = model

    @property
    def info(self) -> ModelInfo:
        """The model, which is loaded for it."""
        return self._model.get().info

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embeddings of unit length, shape `(len(texts), dim)`."""
        return self._model.get().embed(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, uncut."""
        return self._model.get().count_tokens(texts)


class ResidentGeneration:
    """A `GenerationBackend` that is loaded when it is needed."""

    def __init__(self, model: _OnDemand[GenerationBackend]) -> None:
        self._model = model

    @property
    def info(self) -> ModelInfo:
        """The model, which is loaded for it."""
        return self._model.get().info

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        """Tokens of the prompt these messages make."""
        return self._model.get().count_tokens(messages)

    def stream(self, request: GenerationRequest, *, cancelled: Callable[[], bool]) -> Iterator[Token]:
        """Generate piece by piece."""
        return self._model.get().stream(request, cancelled=cancelled)

    def score(self, messages: tuple[Message, ...], continuations: Sequence[str]) -> list[float]:
        """Mean log-probability of each continuation. Raises SettingsError if the backend can't tell."""
        backend = self._model.get()
        if not isinstance(backend, SupportsScoring):
            raise SettingsError(
                f"the model {backend.info.name} can't score texts", remedy="choose a GGUF file as generation_model"
            )
        return backend.score(messages, continuations)


class _OnDemand(Generic[Model]):
    """One model, in memory from its first use until it is closed. A load that failed is tried again at the next use."""

    def __init__(self, name: str, opener: Opener[Model]) -> None:
        self.name = name
        self._opener = opener
        self._loading = threading.Lock()
        self._loaded: Model | None = None
        self._closed = False
        self._stack = ExitStack()

    def get(self) -> Model:
        """The loaded model; threads that come while it loads wait."""
        if (loaded := self._loaded) is not None:
            return loaded
        with self._loading:
            if self._closed:
                raise EngineError(f"the {self.name} model has been unloaded", remedy="run `janus up`, then repeat")
            if self._loaded is None:
                self._loaded = self._stack.enter_context(self._opener())
            return self._loaded

    def close(self) -> None:
        """Unload it; it is not loaded again."""
        with self._loading:
            self._closed = True
            self._loaded = None
            self._stack.close()
