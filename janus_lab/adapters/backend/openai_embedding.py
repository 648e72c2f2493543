"""Embeddings by a server that speaks OpenAI's API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.openai_reader import PATIENCE_SECONDS, ServedReader
from janus_lab.adapters.backend.openai_server import ModelServer
from janus_lab.adapters.backend.pooling import unit
from janus_lab.adapters.backend.shortened import kept
from janus_lab.errors import ModelFailed
from janus_lab.values.load_order import LoadOrder

_TEXTS_AT_ONCE = 32
"""The smallest limit of a common server."""

Embeddings = npt.NDArray[np.float32]


@contextmanager
def open_embedding(order: LoadOrder) -> Iterator[ServedEmbedding]:
    """An embedding model that somebody's server runs; its address is the record's URI.

    Raises AccessDenied, ServerUnreachable, SettingsError if no model is chosen where several are offered, or ModelFailed.
    """
    with ModelServer.of(order, PATIENCE_SECONDS) as server:
        yield ServedEmbedding(server, order)


class ServedEmbedding(ServedReader):
    """An embedding model on a server; safe to call from several threads."""

    def __init__(self, server: ModelServer, order: LoadOrder) -> None:
        super().__init__(server, order)
        whole = replace(self.info, variant="served", dimensions=self._asked(["Hello"]).shape[1])
        dimensions = kept(whole, order.record.options.dimensions)
        self._whole = whole.dimensions
        cut = f"/{dimensions}" if dimensions < self._whole else ""
        self.info = replace(whole, variant=f"served{cut}", dimensions=dimensions)

    def embed(self, texts: Sequence[str]) -> Embeddings:
        """Embeddings of unit length, shape `(len(texts), dim)`; see `janus_lab.ports.embedding`."""
        if not texts:
            return np.empty((0, self.info.dimensions), np.float32)
        embeddings = self._tokens.ask_within(texts, self.info.context_tokens, self._asked)
        if embeddings.shape[1] != self._whole:
            raise ModelFailed(
                f"the server of models at {self._server.address.shown} gave embeddings of {embeddings.shape[1]} numbers,"
                f" and before of {self._whole}: it runs another model now",
                remedy="let it run the model that the collection was embedded with, or build the index anew",
            )
        return unit(embeddings[:, : self.info.dimensions])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, special tokens included, uncut; an estimate where the server can't count."""
        return self._tokens.of(texts)

    def _asked(self, texts: Sequence[str]) -> Embeddings:
        parts = [texts[start : start + _TEXTS_AT_ONCE] for start in range(0, len(texts), _TEXTS_AT_ONCE)]
        bodies = [{"model": self._model, "input": list(part), "encoding_format": "float"} for part in parts]
        answers = self._server.ask_each("/embeddings", bodies)
        try:
            return np.concatenate([_embeddings(answer, len(part)) for answer, part in zip(answers, parts, strict=True)])
        except (TypeError, ValueError, KeyError) as error:
            raise self._nonsense("embedding", "one for embeddings") from error


def _embeddings(answer: object, count: int) -> Embeddings:
    """The answer's embeddings in the order of their texts. Raises TypeError, ValueError or KeyError for anything else."""
    data = answer["data"] if isinstance(answer, Mapping) else ()
    rows = {int(entry["index"]): entry["embedding"] for entry in data}
    if sorted(rows) != list(range(count)) or len(data) != count:
        raise ValueError("there is not one embedding a text")
    found = np.array([rows[index] for index in range(count)], np.float32)
    lengths = np.linalg.norm(found, axis=1, keepdims=True) if found.ndim == 2 else np.zeros(1)  # noqa: PLR2004
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise ValueError("an embedding has no direction")
    return found
