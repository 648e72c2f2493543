"""Embeddings by ONNX Runtime on the CPU, in batches of texts of like length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.bert_graph import EMBEDDING, IDS, MASK, RECIPE, Precision, write_graph
from janus_lab.adapters.backend.bert_weights import UnknownGraph, read_weights
from janus_lab.adapters.backend.length_batches import length_batches
from janus_lab.adapters.backend.prepared import prepared
from janus_lab.adapters.backend.processors import model_threads
from janus_lab.errors import MissingPackage, ModelFailed, SettingsError
from janus_lab.values.generation import ModelInfo
from janus_lab.values.load_order import LoadOrder

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

WINDOW_TOKENS = 256
"""What MiniLM was trained on; the rest of a longer text is cut off."""
BATCH_TOKENS = 512
"""Padded tokens a batch: larger ones fall out of the processor's cache and take more memory."""
_TOKENIZED_AT_ONCE = 2048
_LARGEST_GROWTH = 4
"""Full precision takes four bytes where the packaged file has one."""
_QUIET = 3  # errors only; they come as exceptions too


@contextmanager
def open_embedding(order: LoadOrder) -> Iterator[OnnxEmbedding]:
    """The embedding model in an ONNX file. A fast graph is made from it once, into the order's `cache` (about a second).

    The record's `precision` is int8 (the default) or fp32; a batch has at most the order's `batch_tokens`, padding
    included. Raises SettingsError, MissingPackage, DiskFull, or ModelFailed if the file can't be used.
    """
    model, tokenizer = order.file, _tokenizer(order.tokenizer_file)
    precision = _precision(order.record.options.precision)
    name = f"{order.info.content_hash[:32]}-{precision}-{RECIPE}.onnx"
    room = _LARGEST_GROWTH * model.stat().st_size
    graph = prepared(order.cache, name, lambda path: _prepare(model, precision, path), room=room)
    session = _session(graph)
    loaded = replace(
        order.info,
        variant=f"{precision}/{RECIPE}",
        dimensions=int(session.get_outputs()[0].shape[-1]),
        context_tokens=WINDOW_TOKENS,
    )
    with ThreadPoolExecutor(model_threads(order.threads), thread_name_prefix="embedding") as pool:
        yield OnnxEmbedding(session, tokenizer, loaded, pool, order.batch_tokens)


class OnnxEmbedding:
    """An embedding model in an ONNX Runtime session; safe to call from several threads.

    Each batch is computed by one thread, and `pool` computes as many batches at a time as it has threads: a small model
    spends more on splitting a batch between threads than it gains (a fifth less CPU time, measured).
    """

    def __init__(
        self,
        session: InferenceSession,
        tokenizer: Tokenizer,
        info: ModelInfo,
        pool: ThreadPoolExecutor,
        batch_tokens: int = BATCH_TOKENS,
    ) -> None:
        self.info = info
        self._session = session
        self._tokenizer = tokenizer
        self._pool = pool
        self._batch_tokens = batch_tokens

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embeddings of unit length, shape `(len(texts), dim)`; texts over 256 tokens are cut. Raises ModelFailed."""
        result = np.empty((len(texts), self.info.dimensions), np.float32)
        for start in range(0, len(texts), _TOKENIZED_AT_ONCE):
            rows = self._token_ids(texts[start : start + _TOKENIZED_AT_ONCE])
            batches = list(length_batches([len(row) for row in rows], self._batch_tokens))
            inputs = [[rows[n] for n in batch] for batch in batches]
            # One batch, a query for example, need not change threads.
            computed = self._pool.map(self._run, inputs) if len(inputs) > 1 else map(self._run, inputs)
            for batch, embeddings in zip(batches, computed, strict=True):
                result[start + batch] = embeddings
        return result

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, special tokens included, uncut."""
        return [len(encoding) for encoding in self._encode(texts)]

    def _token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        return [_cut(encoding.ids) for encoding in self._encode(texts)]

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        # A lone surrogate, which a file's name or broken JSON can bring, has no UTF-8 that the tokenizer would take.
        return self._tokenizer.encode_batch_fast([t.encode("utf-8", "replace").decode() for t in texts])

    def _run(self, rows: Sequence[Sequence[int]]) -> npt.NDArray[np.float32]:
        ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
        mask = np.zeros_like(ids)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = row
            mask[number, : len(row)] = 1
        try:
            output: Any = self._session.run([EMBEDDING], {IDS: ids, MASK: mask})[0]
        except _driver_errors() as error:
            raise ModelFailed(
                f"the embedding model {self.info.name} failed: {error}", remedy="run `janus doctor`, then repeat"
            ) from error
        embeddings: npt.NDArray[np.float32] = output
        return embeddings


def _cut(ids: list[int]) -> list[int]:
    """At most the window, keeping the token that closes a text."""
    return ids if len(ids) <= WINDOW_TOKENS else [*ids[: WINDOW_TOKENS - 1], ids[-1]]


def _precision(name: str) -> Precision:
    try:
        return Precision(name or Precision.INT8)
    except ValueError as error:
        raise SettingsError(
            f"there is no embedding precision {name!r}", remedy="set embedding_precision to int8 or fp32"
        ) from error


def _prepare(model: Path, precision: Precision, path: Path) -> None:
    try:
        from google.protobuf.message import DecodeError
        from onnx import ModelProto  # noqa: F401 (needed below; asked for here to name what is missing)
    except ImportError as error:
        raise MissingPackage(
            "preparing an embedding model needs the package onnx", remedy="pip install 'janus-lab[starter]'"
        ) from error
    try:
        write_graph(read_weights(model), precision, path)
    except (UnknownGraph, DecodeError) as error:
        raise ModelFailed(
            f"{model.name} can't be used as an embedding model: {error}", remedy=_reinstall(model)
        ) from error


def _session(graph: Path) -> InferenceSession:
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Without it, products saturate on x86 processors that lack VNNI; it changes nothing on the others.
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except _driver_errors() as error:
        raise ModelFailed(
            f"the prepared embedding model can't be loaded: {error}", remedy=f"remove {graph}; it is made again"
        ) from error


def _tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the driver raises nothing narrower
        raise ModelFailed(f"the tokenizer {path.name} can't be read: {error}", remedy=_reinstall(path)) from error
    # Packaged tokenizers come with padding and truncation to 128 switched on.
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _reinstall(path: Path) -> str:
    return f"replace {path}; if it came in a package, `pip install --force-reinstall 'janus-lab[starter]'`"


def _driver_errors() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises; its errors share no class of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as driver

    own = [kind for kind in vars(driver).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    return (*own, RuntimeError, ValueError)
