"""Models on servers that we start ourselves: `llama-server:///path.gguf`, `vllm://org/repository`, or a command of the record's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.managed_server import ManagedServer
from janus_lab.adapters.backend.openai_address import address
from janus_lab.adapters.backend.openai_embedding import ServedEmbedding
from janus_lab.adapters.backend.openai_generation import PATIENCE_SECONDS, ServedGeneration
from janus_lab.adapters.backend.openai_reranking import ServedReranking
from janus_lab.adapters.backend.openai_server import Cancelled, ModelServer, wanted_as_long_as
from janus_lab.errors import ServerUnreachable
from janus_lab.values.generation import GenerationRequest, Message, ModelInfo, Token, Tool
from janus_lab.values.load_order import LoadOrder, StillWanted
from janus_lab.values.model import ModelTask


class _Described(Protocol):
    info: ModelInfo


Served = TypeVar("Served", bound=_Described)
Answer = TypeVar("Answer")


@contextmanager
def open_managed_generation(order: LoadOrder) -> Iterator[ManagedGeneration]:
    """A language model on a server of our own, which ends with this. Raises MissingPackage or ModelFailed."""
    with _running(order, ServedGeneration) as owned:
        yield ManagedGeneration(owned)


@contextmanager
def open_managed_embedding(order: LoadOrder) -> Iterator[ManagedEmbedding]:
    """An embedding model on a server of our own, which ends with this. Raises MissingPackage or ModelFailed."""
    with _running(order, ServedEmbedding) as owned:
        yield ManagedEmbedding(owned)


@contextmanager
def open_managed_reranking(order: LoadOrder) -> Iterator[ManagedReranking]:
    """A reranker on a server of our own, which ends with this. Raises MissingPackage or ModelFailed."""
    with _running(order, ServedReranking) as owned:
        yield ManagedReranking(owned)


class Owned(Generic[Served]):
    """A server of ours and its model, both made anew once the server has ended or hangs."""

    def __init__(self, order: LoadOrder, make: Callable[[ModelServer, LoadOrder], Served]) -> None:
        self._order = order
        self._make = make
        self.server = ManagedServer(order)
        self._alone = threading.Lock()
        self._suspected = False
        self._client: ModelServer | None = None
        self._served = self._opened()
        self.info = self._served.info

    @contextmanager
    def using(self) -> Iterator[Served]:
        """The model, on a server that runs."""
        with self.watching():
            yield self._current()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Whoever finds that the server is gone makes the next one look after it."""
        try:
            yield
        except ServerUnreachable:
            self._suspected = True
            raise

    def close(self) -> None:
        """End everything."""
        if self._client is not None:
            self._client.close()
        self.server.stop()

    def _current(self) -> Served:
        with self._alone:
            suspected, self._suspected = self._suspected, False
            if self.server.ensure(suspected=suspected):
                self._served = self._opened()
            return self._served

    def _opened(self) -> Served:
        try:
            self.server.ensure()
            if self._client is not None:
                self._client.close()
            patience = self._order.record.options.timeout_seconds or PATIENCE_SECONDS
            self._client = ModelServer(address(self.server.uri), self.server.key, patience)
            return self._make(self._client, self._order)
        except BaseException:
            self.close()
            raise


class _Managed(Generic[Served]):
    """A model on a server of our own."""

    def __init__(self, owned: Owned[Served]) -> None:
        self._owned = owned
        self.info = owned.info

    @property
    def ended(self) -> bool:
        """Whether its server was given up: then nothing can be asked any more, and it has to be opened again."""
        return self._owned.server.stopped

    def wanted_as_long_as(self, still_wanted: StillWanted) -> AbstractContextManager[None]:
        """See `janus_lab.ports.giving_up`."""
        return wanted_as_long_as(still_wanted)


class ManagedGeneration(_Managed[ServedGeneration]):
    """A language model on a server of our own."""

    def count_tokens(self, messages: tuple[Message, ...], tools: tuple[Tool, ...] = ()) -> int:
        """Tokens of the prompt these messages make, as the server counts."""
        with self._owned.using() as served:
            return served.count_tokens(messages, tools)

    def stream(self, request: GenerationRequest, *, cancelled: Cancelled) -> Iterator[Token]:
        """Generate piece by piece; see `janus_lab.ports.generation`."""
        with self._owned.using() as served:
            stream = served.stream(request, cancelled=cancelled)
        return self._follow(stream)

    def _follow(self, stream: Iterator[Token]) -> Iterator[Token]:
        with self._owned.watching():
            yield from stream


class ManagedEmbedding(_Managed[ServedEmbedding]):
    """An embedding model on a server of our own."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embeddings of unit length, shape `(len(texts), dim)`."""
        with self._owned.using() as served:
            return served.embed(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, uncut."""
        with self._owned.using() as served:
            return served.count_tokens(texts)


class ManagedReranking(_Managed[ServedReranking]):
    """A reranker on a server of our own."""

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query."""
        with self._owned.using() as served:
            return served.rerank(query, texts)


@contextmanager
def _running(order: LoadOrder, make: Callable[[ModelServer, LoadOrder], Served]) -> Iterator[Owned[Served]]:
    owned = Owned(_in_its_window(order), make)
    try:
        yield owned
    finally:
        owned.close()


def _in_its_window(order: LoadOrder) -> LoadOrder:
    """A chat's window is the plan's, though the server shares out more; what else reads, reads what the server says."""
    options = order.record.options
    if order.record.task is not ModelTask.GENERATION or options.context_tokens:
        return order
    options = replace(options, context_tokens=order.plan.context_tokens)
    return replace(order, record=replace(order.record, options=options))
