"""llama.cpp as an encoder: token ids to one vector, or one score, a sequence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.llama_batch import TokenBatch
from janus_lab.adapters.backend.llama_loading import load_weights, started
from janus_lab.adapters.backend.llama_log import last_error
from janus_lab.adapters.backend.llama_parameters import context_parameters
from janus_lab.adapters.backend.llama_text import tokens_of
from janus_lab.adapters.backend.processors import model_threads
from janus_lab.adapters.backend.token_graph import replace_file
from janus_lab.errors import ModelFailed, UserError
from janus_lab.values.load_order import LoadOrder

_WINDOW_TOKENS = 512
"""What a text may have unless the record says more; models are mostly trained on this much, and long windows take memory."""

Floats = npt.NDArray[np.float32]


@contextmanager
def opened_encoder(order: LoadOrder) -> Iterator[LlamaEncoder]:
    """The model in a GGUF file, loaded as the order's plan says, and unloaded at the end. Raises MissingPackage or ModelFailed."""
    llama_cpp = started()
    model = load_weights(order.file, order, remedy=replace_file(order.file))
    try:
        order.still_wanted()
        with ThreadPoolExecutor(1, thread_name_prefix="llama-encoder") as thread:
            encoder = LlamaEncoder(model, order, thread)
            try:
                yield encoder
            finally:
                encoder.close()
    finally:
        llama_cpp.llama_model_free(model)


class LlamaEncoder:
    """A loaded model. `encode` is for one caller at a time; `tokens` for any. `thread` alone computes.

    Tokens of several sequences are computed together without padding; `window` is how many one may have.
    """

    def __init__(self, model: Any, order: LoadOrder, thread: ThreadPoolExecutor) -> None:
        import llama_cpp

        self._api: Any = llama_cpp
        self._thread = thread
        self._model = model
        self._vocab: Any = llama_cpp.llama_model_get_vocab(model)
        trained = llama_cpp.llama_model_n_ctx_train(model)
        self.window = min(order.record.options.context_tokens or _WINDOW_TOKENS, trained)
        self.batch_tokens = max(order.batch_tokens, self.window)
        self._sequences = min(self.batch_tokens, llama_cpp.llama_max_parallel_sequences())
        self._context, self.pooling = self._opened(order)
        ranks = self.pooling == llama_cpp.LLAMA_POOLING_TYPE_RANK
        self.size = llama_cpp.llama_model_n_cls_out(model) if ranks else llama_cpp.llama_model_n_embd_out(model)
        """How many numbers a sequence gets."""
        self.ranks = ranks
        """Whether they say how well a text fits a question."""
        self._memory: Any = llama_cpp.llama_get_memory(self._context)
        self._batch = TokenBatch(self.batch_tokens)

    def tokens(self, text: str, *, special: bool = True) -> list[int]:
        """A text's tokens, with `special` those that the model wants around it; control tokens spelled out in it are mere text."""
        return tokens_of(self._vocab, text, around=special)

    def around(self) -> tuple[list[int], list[int], list[int]]:
        """The tokens that the model wants before a question, between it and a text, and after the text."""
        api, vocab = self._api, self._vocab
        bare, whole = self.tokens("a", special=False), self.tokens("a")
        start = next(n for n in range(len(whole)) if whole[n : n + len(bare)] == bare)
        before, after = whole[:start], whole[start + len(bare) :]
        wants = api.llama_vocab_get_add_sep(vocab) and (api.llama_vocab_get_add_eos(vocab) or not after)
        return before, [*after, api.llama_vocab_sep(vocab)] if wants else after, after

    def encode(self, rows: Sequence[Sequence[int]]) -> Floats:
        """Numbers of shape `(len(rows), size)`. Rows together have at most `batch_tokens`. Raises ModelFailed, or UserError for an empty one."""
        if not all(rows):
            raise UserError("there is nothing to be read in an empty text", remedy="leave it out")
        starts = range(0, len(rows), self._sequences)
        parts = [self._thread.submit(self._encode, rows[n : n + self._sequences]).result() for n in starts]
        return np.concatenate(parts)

    def close(self) -> None:
        """Give the memory back."""
        self._thread.submit(self._api.llama_free, self._context).result()

    def _opened(self, order: LoadOrder) -> tuple[Any, int]:
        """A context, and how it pools: as the model's file says, or by its last token if the file says nothing."""
        api = self._api
        context = self._tried(order, api.LLAMA_POOLING_TYPE_UNSPECIFIED)
        pooling = api.llama_pooling_type(context)
        if pooling != api.LLAMA_POOLING_TYPE_NONE:
            return context, pooling
        api.llama_free(context)
        return self._tried(order, api.LLAMA_POOLING_TYPE_LAST), api.LLAMA_POOLING_TYPE_LAST

    def _tried(self, order: LoadOrder, pooling: int) -> Any:
        params = context_parameters(order.plan, model_threads(order.threads))
        params.n_ctx = params.n_batch = params.n_ubatch = self.batch_tokens
        params.n_seq_max = self._sequences
        params.n_outputs_max = params.n_outputs_max_per_seq = self.batch_tokens
        params.pooling_type = pooling
        params.embeddings = True
        context = self._api.llama_init_from_model(self._model, params)
        if not context:
            raise ModelFailed(
                f"llama.cpp can't make a context of {self.batch_tokens} tokens: {last_error()}",
                remedy="set embedding_batch_tokens to a smaller number in janus.toml",
            )
        return context

    def _encode(self, rows: Sequence[Sequence[int]]) -> Floats:
        self._batch.clear()
        for sequence, row in enumerate(rows):
            self._batch.add(row, sequence=sequence, position=0, wanted_from=0)
        if self._memory:
            self._api.llama_memory_clear(self._memory, False)
        code = self._api.llama_decode(self._context, self._batch.raw(self._api))
        if code:
            raise ModelFailed(
                f"llama.cpp failed to encode (code {code}): {last_error()}",
                remedy="repeat; if it happens again, set embedding_batch_tokens to a smaller number in janus.toml",
            )
        found = np.empty((len(rows), self.size), np.float32)
        for sequence in range(len(rows)):
            pointer = self._api.llama_get_embeddings_seq(self._context, sequence)
            found[sequence] = np.ctypeslib.as_array(pointer, (self.size,))
        return found
