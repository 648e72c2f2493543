"""Which models are in memory: each is loaded when it is first asked for, once, and unloaded at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Self

import numpy as np
import numpy.typing as npt

from janus_lab.errors import SettingsError
from janus_lab.inference.embedding import Embedder
from janus_lab.inference.on_demand import Model, OnDemand, Opener
from janus_lab.inference.recent_embeddings import RecentEmbeddings
from janus_lab.ports.embedding import EmbeddingBackend, EmbeddingCache
from janus_lab.ports.generation import GenerationBackend, SupportsScoring
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.work import computing
from janus_lab.values.generation import GenerationRequest, Message, ModelInfo, Token

SENTENCES_KEPT = 20_000
"""About 30 MB at 384 dimensions."""


@dataclass(frozen=True, slots=True)
class ModelChoice(Generic[Model]):
    """A model that may be loaded: how, what it takes while it is there, and what computing with it takes."""

    open: Opener[Model]
    demand: Callable[[], Demand]
    computing: Demand


class Residency:
    """The models of one engine room. What it hands out loads its model at the first use, whichever thread that is in.

    A loaded model has a lasting lease. Whoever computes is in the course of work that holds a lease (see
    `janus_lab.scheduler.work`), or takes one for the call.
    """

    def __init__(
        self,
        admission: Admission,
        *,
        embedding: ModelChoice[EmbeddingBackend],
        generation: ModelChoice[GenerationBackend],
        cache: EmbeddingCache,
    ) -> None:
        self._embedding = OnDemand("embedding", embedding.open, admission, embedding.demand)
        self._generation = OnDemand("generation", generation.open, admission, generation.demand)
        resident = ResidentEmbedding(self._embedding, admission, embedding.computing)
        self._embedder = Embedder(resident, cache)
        self._passing = Embedder(resident, RecentEmbeddings(SENTENCES_KEPT))
        self._generator = ResidentGeneration(self._generation, admission, generation.computing)

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

    def __init__(self, model: OnDemand[EmbeddingBackend], admission: Admission, demand: Demand) -> None:
        self._model = model
        self._admission = admission
        self._demand = demand

    @property
    def info(self) -> ModelInfo:
        """The model, which is loaded for it."""
        return self._model.info()

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embeddings of unit length, shape `(len(texts), dim)`."""
        with computing(self._admission, self._demand) as work, self._model.using(work) as model:
            return model.embed(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, uncut."""
        with computing(self._admission, self._demand) as work, self._model.using(work) as model:
            return model.count_tokens(texts)


class ResidentGeneration:
    """A `GenerationBackend` that is loaded when it is needed."""

    def __init__(self, model: OnDemand[GenerationBackend], admission: Admission, demand: Demand) -> None:
        self._model = model
        self._admission = admission
        self._demand = demand

    @property
    def info(self) -> ModelInfo:
        """The model, which is loaded for it."""
        return self._model.info()

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        """Tokens of the prompt these messages make."""
        with computing(self._admission, self._demand) as work, self._model.using(work) as model:
            return model.count_tokens(messages)

    def stream(self, request: GenerationRequest, *, cancelled: Callable[[], bool]) -> Iterator[Token]:
        """Generate piece by piece."""
        with computing(self._admission, self._demand) as work, self._model.using(work) as model:
            yield from model.stream(request, cancelled=cancelled)

    def score(self, messages: tuple[Message, ...], continuations: Sequence[str]) -> list[float]:
        """Mean log-probability of each continuation. Raises SettingsError if the backend can't tell."""
        with computing(self._admission, self._demand) as work, self._model.using(work) as model:
            if not isinstance(model, SupportsScoring):
                raise SettingsError(
                    f"the model {model.info.name} can't score texts", remedy="choose a GGUF file as generation_model"
                )
            return model.score(messages, continuations)
