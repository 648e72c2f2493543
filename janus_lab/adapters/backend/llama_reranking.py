"""Cross-encoders by llama.cpp, from GGUF files that pool by rank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from janus_lab.adapters.backend.llama_encoder import LlamaEncoder, opened_encoder
from janus_lab.adapters.backend.shared_batches import SharedBatches
from janus_lab.errors import ModelFailed
from janus_lab.values.generation import ModelInfo
from janus_lab.values.load_order import LoadOrder


@contextmanager
def open_llama_reranking(order: LoadOrder) -> Iterator[LlamaReranking]:
    """The reranker in a GGUF file. Raises MissingPackage, or ModelFailed if it can't be used."""
    with opened_encoder(order) as encoder, ThreadPoolExecutor(1) as pool:
        if not encoder.ranks or encoder.size != 1:
            raise ModelFailed(f"{order.file.name} gives no scores", remedy="choose a model that was made to rerank")
        info = replace(order.info, variant="llama.cpp/1", context_tokens=encoder.window)
        batches = SharedBatches(encoder.encode, pool=pool, threads=1, budget=encoder.batch_tokens)
        yield LlamaReranking(encoder, info, batches)


class LlamaReranking:
    """A reranker in llama.cpp; safe to call from several threads, whose pairs may share batches."""

    def __init__(self, encoder: LlamaEncoder, info: ModelInfo, batches: SharedBatches[Sequence[int]]) -> None:
        self.info = info
        self._encoder = encoder
        self._batches = batches

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query, higher is better; see `janus_lab.ports.reranking`. Raises ModelFailed."""
        before, between, after = self._encoder.around()
        window = self.info.context_tokens
        asked = [*before, *self._encoder.tokens(query, special=False)[: window // 2], *between]
        room = window - len(asked) - len(after)
        rows = [[*asked, *self._encoder.tokens(text, special=False)[:room], *after] for text in texts]
        return [float(score[0]) for score in self._batches.compute(rows)]
