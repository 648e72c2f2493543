"""Cross-encoders by ONNX Runtime on the CPU: question and text are read together, and get one score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.pooling import read_window
from janus_lab.adapters.backend.processors import model_threads
from janus_lab.adapters.backend.shared_batches import SharedBatches
from janus_lab.adapters.backend.token_graph import TokenGraph, plain_text, read_tokenizer, replace_file
from janus_lab.errors import ModelFailed
from janus_lab.values.generation import ModelInfo
from janus_lab.values.load_order import LoadOrder

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_WINDOW_TOKENS = 512
"""What most cross-encoders were trained on, where their files say nothing."""
_ONE, _TWO = 1, 2

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pair:
    """Tokens of a question and a text, and which of both each is of."""

    ids: Sequence[int]
    types: Sequence[int]

    def __len__(self) -> int:
        return len(self.ids)


@contextmanager
def open_onnx_reranking(order: LoadOrder) -> Iterator[OnnxReranking]:
    """The cross-encoder in an ONNX file, run as it is: its first output is one score a pair, or one for "no" and one for "yes".

    Raises ModelFailed if the file can't be used.
    """
    pairs = read_tokenizer(order.tokenizer_file)
    graph = TokenGraph(order.file, order.info.name, remedy=replace_file(order.file))
    output = next(iter(graph.outputs))
    window = order.record.options.context_tokens or read_window(order.file, _WINDOW_TOKENS)
    pairs.enable_truncation(window, strategy="only_second")
    threads = model_threads(order.threads)

    def score(batch: Sequence[Pair]) -> Floats:
        found = graph.run(output, [pair.ids for pair in batch], [pair.types for pair in batch])
        scores = found.reshape(len(batch), -1)
        if scores.shape[1] not in (_ONE, _TWO):
            raise ModelFailed(
                f"{order.file.name} can't be used as a reranker: it gives {scores.shape[1]} numbers a pair",
                remedy=replace_file(order.file),
            )
        return scores[:, -1:] - scores[:, :1] if scores.shape[1] == _TWO else scores

    score([Pair([0, 1, 2], [0, 1, 1])])
    with ThreadPoolExecutor(threads, thread_name_prefix="reranking") as pool:
        batches = SharedBatches(score, pool=pool, threads=threads, budget=order.batch_tokens)
        info = replace(order.info, variant="as-is/1", context_tokens=window)
        yield OnnxReranking(pairs, read_tokenizer(order.tokenizer_file), info, batches)


class OnnxReranking:
    """A cross-encoder in an ONNX Runtime session; safe to call from several threads, whose pairs may share batches.

    `pairs` cuts a text so that it fits in with its question; `single` cuts nothing.
    """

    def __init__(self, pairs: Tokenizer, single: Tokenizer, info: ModelInfo, batches: SharedBatches[Pair]) -> None:
        self.info = info
        self._pairs = pairs
        self._single = single
        self._batches = batches

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query, higher is better; see `janus_lab.ports.reranking`. Raises ModelFailed."""
        asked = self._cut(plain_text(query))
        encoded = self._pairs.encode_batch([(asked, plain_text(text)) for text in texts])
        scores = self._batches.compute([Pair(pair.ids, pair.type_ids) for pair in encoded])
        return [float(score[0]) for score in scores]

    def _cut(self, query: str) -> str:
        """At most half the window is the question's."""
        offsets = self._single.encode(query, add_special_tokens=False).offsets
        most = self.info.context_tokens // 2
        return query if len(offsets) <= most else query[: offsets[most - 1][1]]
