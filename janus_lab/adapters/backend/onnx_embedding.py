"""Embeddings by ONNX Runtime on the CPU, in batches of texts of like length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.bert_graph import EMBEDDING, RECIPE, Precision, write_graph
from janus_lab.adapters.backend.bert_weights import UnknownGraph, read_weights
from janus_lab.adapters.backend.pooling import Pooling, pooled, read_pooling, read_window, unit
from janus_lab.adapters.backend.prepared import prepared
from janus_lab.adapters.backend.processors import model_threads
from janus_lab.adapters.backend.shared_batches import SharedBatches
from janus_lab.adapters.backend.token_graph import TokenGraph, mask_of, plain_text, read_tokenizer, replace_file
from janus_lab.errors import MissingPackage, ModelFailed, SettingsError
from janus_lab.values.generation import ModelInfo
from janus_lab.values.load_order import LoadOrder

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

WINDOW_TOKENS = 256
"""What MiniLM was trained on; the rest of a longer text is cut off."""
_TOKENIZED_AT_ONCE = 2048
_LARGEST_GROWTH = 4
"""Full precision takes four bytes where the packaged file has one."""
_TOKENS_AND_SIZE = 3
_SOME_TOKENS = [0, 1, 2]
_COMPARED = [list(range(1, 90, 7)), list(range(40, 3, -1)), [7] * 5]
"""Tokens that every vocabulary has."""
_LEAST_COSINE = 0.9
"""Of int8's embeddings and the exact ones, for tokens that make no sense together; of another activation it is far lower."""

Floats = npt.NDArray[np.float32]
Rows = Sequence[Sequence[int]]
Encode = Callable[[Rows], Floats]


@contextmanager
def open_embedding(order: LoadOrder) -> Iterator[OnnxEmbedding]:
    """The embedding model in an ONNX file.

    Of a BERT encoder whose weights are int8 or floats a fast graph is made once, into the order's `cache` (a second or two);
    the record's `precision` is then int8 (the default) or fp32. Any other graph over token ids is run as it is: what it
    computes for a text or for each token, pooled as the files beside it say. A batch has at most the order's `batch_tokens`,
    padding included. Raises SettingsError, MissingPackage, DiskFull, or ModelFailed if the file can't be used.
    """
    tokenizer = read_tokenizer(order.tokenizer_file)
    precision = _precision(order.record.options.precision)
    try:
        encode, variant = _fast(order, precision)
    except UnknownGraph:
        encode, variant = _as_it_is(order), "as-is/1"
    window = order.record.options.context_tokens or read_window(order.file, WINDOW_TOKENS)
    threads = model_threads(order.threads)
    # A window that somebody asked for may be more than the model has positions.
    tried = [_SOME_TOKENS[:1] * window] if order.record.options.context_tokens else [_SOME_TOKENS]
    info = replace(order.info, variant=variant, dimensions=encode(tried).shape[1], context_tokens=window)
    with ThreadPoolExecutor(threads, thread_name_prefix="embedding") as pool:
        batches = SharedBatches(encode, pool=pool, threads=threads, budget=order.batch_tokens)
        yield OnnxEmbedding(tokenizer, info, batches)


class OnnxEmbedding:
    """An embedding model in an ONNX Runtime session; safe to call from several threads, whose texts may share batches."""

    def __init__(self, tokenizer: Tokenizer, info: ModelInfo, batches: SharedBatches[Sequence[int]]) -> None:
        self.info = info
        self._tokenizer = tokenizer
        self._batches = batches

    def embed(self, texts: Sequence[str]) -> Floats:
        """Embeddings of unit length, shape `(len(texts), dim)`; texts over the model's window are cut. Raises ModelFailed."""
        result = np.empty((len(texts), self.info.dimensions), np.float32)
        for start in range(0, len(texts), _TOKENIZED_AT_ONCE):
            rows = self.token_ids(texts[start : start + _TOKENIZED_AT_ONCE])
            result[start : start + len(rows)] = self._batches.compute(rows)
        return result

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, special tokens included, uncut."""
        return [len(encoding) for encoding in self._encode(texts)]

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text that are read: at most the window, and always the one that closes a text."""
        window = self.info.context_tokens
        rows = (encoding.ids for encoding in self._encode(texts))
        return [ids if len(ids) <= window else [*ids[: window - 1], ids[-1]] for ids in rows]

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        return self._tokenizer.encode_batch_fast([plain_text(text) for text in texts])


def _precision(name: str) -> Precision:
    try:
        return Precision(name or Precision.INT8)
    except ValueError as error:
        raise SettingsError(
            f"there is no embedding precision {name!r}", remedy="set embedding_precision to int8 or fp32"
        ) from error


def _fast(order: LoadOrder, precision: Precision) -> tuple[Encode, str]:
    """The graph made for speed, which pools by itself, and its name. Raises UnknownGraph if it can't be made of this model."""
    model, way = order.file, read_pooling(order.file)
    if way is Pooling.LAST:
        raise UnknownGraph("no encoder pools by its last token")
    variant = f"{precision}/{RECIPE}" + ("/cls" if way is Pooling.FIRST else "")
    name = f"{order.info.content_hash[:32]}-{variant.replace('/', '-')}.onnx"
    room = _LARGEST_GROWTH * model.stat().st_size

    def make(target: Path) -> None:
        _prepare(model, precision, target, first_token=way is Pooling.FIRST)
        _compare(_encoder(target, order.info.name), _as_it_is(order))

    made = prepared(order.cache, name, make, room=room, still_wanted=order.still_wanted)
    order.still_wanted()
    return _encoder(made, order.info.name), variant


def _encoder(path: Path, name: str) -> Encode:
    graph = TokenGraph(path, name, remedy=f"remove {path}; it is made again")
    return lambda rows: graph.run(EMBEDDING, rows)


def _compare(fast: Encode, exact: Encode) -> None:
    """A graph that computes something else is not taken: a model may have BERT's names and yet work in another way."""
    cosines = (fast(_COMPARED) * exact(_COMPARED)).sum(axis=1)
    if not (cosines > _LEAST_COSINE).all():
        raise UnknownGraph(f"the fast graph is not the same: {cosines.min():.3f}")


def _as_it_is(order: LoadOrder) -> Encode:
    """The file's own graph: a vector a text if it computes one, else a vector a token, pooled."""
    graph = TokenGraph(order.file, order.info.name, remedy=replace_file(order.file))
    whole = [name for name, shape in graph.outputs.items() if len(shape) == _TOKENS_AND_SIZE - 1]
    each = [name for name, shape in graph.outputs.items() if len(shape) == _TOKENS_AND_SIZE]
    if each and "sentence_embedding" not in whole:
        way = read_pooling(order.file)
        return lambda rows: unit(pooled(graph.run(each[0], rows), mask_of(rows), way))
    if whole:
        output = "sentence_embedding" if "sentence_embedding" in whole else whole[0]
        return lambda rows: unit(graph.run(output, rows))
    raise ModelFailed(
        f"{order.file.name} can't be used as an embedding model: it gives vectors neither of texts nor of tokens",
        remedy=replace_file(order.file),
    )


def _prepare(model: Path, precision: Precision, path: Path, *, first_token: bool) -> None:
    try:
        from google.protobuf.message import DecodeError
        from onnx import ModelProto  # noqa: F401 (needed below; asked for here to name what is missing)
    except ImportError as error:
        raise MissingPackage(
            "preparing an embedding model needs the package onnx", remedy="pip install 'janus-lab[starter]'"
        ) from error
    try:
        write_graph(read_weights(model), precision, path, first_token=first_token)
    except DecodeError as error:
        raise ModelFailed(
            f"{model.name} can't be used as an embedding model: {error}", remedy=replace_file(model)
        ) from error
