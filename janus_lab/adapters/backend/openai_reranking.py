"""Rerankers on servers that answer `/v1/rerank` or `/rerank`: vLLM, llama-server, Infinity, and others of Jina's shape."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from janus_lab.adapters.backend.openai_reader import PATIENCE_SECONDS, ServedReader
from janus_lab.adapters.backend.openai_request import sendable
from janus_lab.adapters.backend.openai_server import ModelServer
from janus_lab.errors import ContextTooLong, NotFound
from janus_lab.values.load_order import LoadOrder

_AROUND_A_PAIR = 4
"""What models put around and between a question and a text."""
_LEAST_OF_A_TEXT = 8


@contextmanager
def open_reranking(order: LoadOrder) -> Iterator[ServedReranking]:
    """A reranker that somebody's server runs; its address is the record's URI.

    Raises AccessDenied, ServerUnreachable, SettingsError if no model is chosen where several are offered, or ModelFailed.
    """
    with ModelServer.of(order, PATIENCE_SECONDS) as server:
        yield ServedReranking(server, order)


class ServedReranking(ServedReader):
    """A reranker on a server; safe to call from several threads."""

    def __init__(self, server: ModelServer, order: LoadOrder) -> None:
        super().__init__(server, order)
        self._paths = ["/rerank", f"{server.address.beside}/rerank"]

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query; see `janus_lab.ports.reranking`. Raises ContextTooLong for an endless query."""
        if not texts:
            return []
        room = self.info.context_tokens - self._tokens.of([query])[0] - _AROUND_A_PAIR
        if room < _LEAST_OF_A_TEXT:
            raise ContextTooLong(
                f"the question leaves no room for a text in the window of {self.info.context_tokens} tokens",
                remedy="ask a shorter question",
            )
        return self._tokens.ask_within(texts, room, lambda documents: self._ranked(sendable(query), documents))

    def _ranked(self, query: str, documents: Sequence[str]) -> list[float]:
        body = {"model": self._model, "query": query, "documents": list(documents), "top_n": len(documents)}
        answer = self._asked(body)
        try:
            return _scores(answer, len(documents))
        except (TypeError, ValueError, KeyError) as error:
            raise self._nonsense("ranking", "a reranker") from error

    def _asked(self, body: Mapping[str, object]) -> object:
        """The answer at the first path that the server knows."""
        while True:
            try:
                return self._server.ask(self._paths[0], body)
            except NotFound:
                if len(self._paths) == 1:
                    raise
                self._paths = self._paths[1:]


def _scores(answer: object, count: int) -> list[float]:
    """The scores in the order of the texts. Raises TypeError, ValueError or KeyError for anything else."""
    results = answer["results"] if isinstance(answer, Mapping) else answer
    if not isinstance(results, list):
        raise TypeError("there are no results")
    scores = {int(entry["index"]): float(entry.get("relevance_score", entry.get("score"))) for entry in results}
    if sorted(scores) != list(range(count)) or not all(map(math.isfinite, scores.values())):
        raise ValueError("there is not one score a text")
    return [scores[index] for index in range(count)]
