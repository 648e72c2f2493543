"""Backends whose model is loaded when it is needed, and stays while it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Generic

import numpy as np
import numpy.typing as npt

from janus_lab.errors import SettingsError
from janus_lab.inference.embedding import Embedder
from janus_lab.inference.layout import Loadable, Model
from janus_lab.inference.on_demand import OnDemand
from janus_lab.ports.embedding import EmbeddingBackend
from janus_lab.ports.generation import GenerationBackend, SupportsScoring
from janus_lab.ports.giving_up import SupportsGivingUp
from janus_lab.ports.reranking import RerankingBackend
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.together import Together
from janus_lab.scheduler.work import Work, computing, current_work
from janus_lab.values.generation import GenerationRequest, Message, ModelInfo, Token, Tool
from janus_lab.values.lease import RAM, Grant, GrantState

_IN_PASSING = Demand("a model", {RAM: 0})


@dataclass(slots=True)
class Place(Generic[Model]):
    """A model's place in a process: how it is loaded, the model, and the lease of all who compute with it at the same time.

    An embedding model's has its embedders, once they are asked for: what they keep of texts and queries is of this model.
    """

    loadable: Loadable[Model]
    model: OnDemand[Model]
    together: Together
    embedder: Embedder | None = None
    passing: Embedder | None = None

    def computing(self) -> Demand:
        """What one who computes with it needs where no run says so: less of processors than most where accelerators compute."""
        return self.model.computing() or self.loadable.computing


class Resident(Generic[Model]):
    """A model of this process. `patience` is for how many seconds memory is waited for."""

    def __init__(self, place: Place[Model], admission: Admission, patience: float = float("inf")) -> None:
        self._place = place
        self._admission = admission
        self._patience = patience

    @property
    def info(self) -> ModelInfo:
        """The model, which is loaded the first time."""
        return self._place.model.info(self._patience)

    @property
    def _demand(self) -> Demand:
        """What the call needs where no run says so."""
        return self._place.computing()

    @contextmanager
    def _there(self) -> Iterator[tuple[Model, Work]]:
        """The loaded model, and who uses it."""
        with (
            computing(self._admission, self._demand) as work,
            self._place.model.using(work, patience=self._patience) as model,
        ):
            yield model, work

    @contextmanager
    def _waited_for(self) -> Iterator[Model]:
        """The loaded model to be computed with; where a server computes, nothing of this machine is held meanwhile."""
        with self._there() as (model, work):
            if self._place.loadable.record.served:
                with work.aside():
                    yield model
            else:
                yield from self._computing(model, work)

    @contextmanager
    def _answering(self) -> Iterator[Model]:
        """As `_waited_for`; if whoever asks wants no answer any more, a server's is not waited for. Not for what streams."""
        with self._waited_for() as model, _wanted(model):
            yield model

    def _computing(self, model: Model, work: Work) -> Iterator[Model]:
        work.take()
        yield model


def _wanted(model: object) -> AbstractContextManager[None]:
    work = current_work()
    if work is None or not isinstance(model, SupportsGivingUp):
        return nullcontext()
    return model.wanted_as_long_as(lambda: work.asker.waiting(Grant(GrantState.WAITING), 0.0))


class ResidentEmbedding(Resident[EmbeddingBackend]):
    """An `EmbeddingBackend`."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embeddings of unit length, shape `(len(texts), dim)`."""
        with self._answering() as model:
            return model.embed(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, uncut."""
        with self._answering() as model:
            return model.count_tokens(texts)


class ResidentReranking(Resident[RerankingBackend]):
    """A `RerankingBackend`."""

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query, higher is better."""
        with self._answering() as model:
            return model.rerank(query, texts)


class ResidentGeneration(Resident[GenerationBackend]):
    """A `GenerationBackend` that says the model's name with the last piece of what it streams.

    Who streams at the same time computes under one lease, as the backend has them in one batch.
    """

    @property
    def info(self) -> ModelInfo:
        """The model, which is loaded for it: its window may be smaller than it was the last time."""
        with self._there() as (model, _):
            return model.info

    def count_tokens(self, messages: tuple[Message, ...], tools: tuple[Tool, ...] = ()) -> int:
        """Tokens of the prompt these messages make."""
        with self._there() as (model, _):
            return model.count_tokens(messages, tools)

    def stream(self, request: GenerationRequest, *, cancelled: Callable[[], bool]) -> Iterator[Token]:
        """Generate piece by piece."""
        with self._waited_for() as model:
            for token in model.stream(request, cancelled=cancelled):
                yield token if token.finish is None else replace(token, model=token.model or self._place.model.name)

    def score(self, messages: tuple[Message, ...], continuations: Sequence[str]) -> list[float]:
        """Mean log-probability of each continuation. Raises SettingsError if the backend can't tell."""
        with self._waited_for() as model:
            if not isinstance(model, SupportsScoring):
                raise SettingsError(
                    f"the model {model.info.name} can't score texts", remedy="choose a GGUF file as generation_model"
                )
            return model.score(messages, continuations)

    @property
    def _demand(self) -> Demand:
        """Processors are held together with the others."""
        return _IN_PASSING

    def _computing(self, model: GenerationBackend, work: Work) -> Iterator[GenerationBackend]:
        with self._place.together.joined(work):
            yield model
