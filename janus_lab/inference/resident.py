"""Backends whose model is loaded when it is needed, and stays while it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Generic

import numpy as np
import numpy.typing as npt

from janus_lab.errors import SettingsError
from janus_lab.inference.layout import Model
from janus_lab.inference.on_demand import OnDemand
from janus_lab.ports.embedding import EmbeddingBackend
from janus_lab.ports.generation import GenerationBackend, SupportsScoring
from janus_lab.ports.reranking import RerankingBackend
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.work import computing
from janus_lab.values.generation import GenerationRequest, Message, ModelInfo, Token


class Resident(Generic[Model]):
    """A model of this process. `patience` is for how many seconds memory is waited for."""

    def __init__(
        self, model: OnDemand[Model], admission: Admission, demand: Demand, patience: float = float("inf")
    ) -> None:
        self._model = model
        self._admission = admission
        self._demand = demand
        self._patience = patience

    @property
    def info(self) -> ModelInfo:
        """The model, which is loaded the first time."""
        return self._model.info(self._patience)

    @contextmanager
    def _there(self) -> Iterator[Model]:
        with (
            computing(self._admission, self._demand) as work,
            self._model.using(work, patience=self._patience) as model,
        ):
            yield model


class ResidentEmbedding(Resident[EmbeddingBackend]):
    """An `EmbeddingBackend`."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embeddings of unit length, shape `(len(texts), dim)`."""
        with self._there() as model:
            return model.embed(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, uncut."""
        with self._there() as model:
            return model.count_tokens(texts)


class ResidentReranking(Resident[RerankingBackend]):
    """A `RerankingBackend`."""

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query, higher is better."""
        with self._there() as model:
            return model.rerank(query, texts)


class ResidentGeneration(Resident[GenerationBackend]):
    """A `GenerationBackend` that says the model's name with the last piece of what it streams."""

    @property
    def info(self) -> ModelInfo:
        """The model, which is loaded for it: its window may be smaller than it was the last time."""
        with self._there() as model:
            return model.info

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        """Tokens of the prompt these messages make."""
        with self._there() as model:
            return model.count_tokens(messages)

    def stream(self, request: GenerationRequest, *, cancelled: Callable[[], bool]) -> Iterator[Token]:
        """Generate piece by piece."""
        with self._there() as model:
            for token in model.stream(request, cancelled=cancelled):
                yield token if token.finish is None else replace(token, model=self._model.name)

    def score(self, messages: tuple[Message, ...], continuations: Sequence[str]) -> list[float]:
        """Mean log-probability of each continuation. Raises SettingsError if the backend can't tell."""
        with self._there() as model:
            if not isinstance(model, SupportsScoring):
                raise SettingsError(
                    f"the model {model.info.name} can't score texts", remedy="choose a GGUF file as generation_model"
                )
            return model.score(messages, continuations)
