"""Embed runs: texts to embeddings, for programs that bring their own use for them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from janus_lab.inference.embedding import Embedder
from janus_lab.runs.context import RunContext
from janus_lab.values import codec
from janus_lab.values.embedding import Embedded, EmbedRequest, TextUse

_AT_ONCE = 64


class EmbedService:
    """Carries out embed runs. The result is an `Embedded`; nothing else of the texts or embeddings is kept on disk."""

    def __init__(self, embedder: Callable[[str], Embedder]) -> None:
        self._embedder = embedder

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Embed the request's texts in their order; stops between batches when the run is cancelled."""
        request = codec.from_json(EmbedRequest, context.run.request)
        texts, embedder = request.texts, _for(request.use, self._embedder(request.model))
        info = embedder.info
        context.pin(embedding_model=info.fingerprint)
        found = [np.empty((0, info.dimensions), np.float32)]
        tokens = 0
        for start in range(0, len(texts), _AT_ONCE):
            context.check_cancelled()
            batch = texts[start : start + _AT_ONCE]
            found.append(embedder.embed(batch))
            tokens += sum(embedder.count_tokens(batch))
        whole = np.concatenate(found).astype("<f4")
        data = base64.b64encode(whole.tobytes()).decode("ascii")
        return codec.to_json(Embedded(info.name, len(texts), info.dimensions, data, tokens))


def _for(use: TextUse, embedder: Embedder) -> Embedder:
    """What gives each text the prefix of its use."""
    info = embedder.info
    prefix = {TextUse.PLAIN: "", TextUse.QUERY: info.query_prefix, TextUse.PASSAGE: info.passage_prefix}[use]
    return embedder if prefix == info.passage_prefix else embedder.under("", prefix)
