"""The state of one conversation with llama.cpp: which tokens it has read, and what may come next."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.llama_log import last_error
from janus_lab.errors import ModelFailed

SCORED_AT_ONCE = 64
BATCH_TOKENS = 512
"""So many tokens of a prompt are read at a time, unless it is told otherwise."""
_ASK_EVERY_SECONDS = 0.05
_ABORTED = 2
_GO_ON, _STOP = b"", b"x"

Cancelled = Callable[[], bool]


class LlamaContext:
    """Reads tokens, keeps them, and reads a prompt again only from where it differs. For one thread at a time.

    Reading can be stopped within it: llama.cpp asks a callback at every operation, and that callback is C's `strlen` on a
    buffer of ours, so that no computing thread ever waits for Python.
    """

    def __init__(self, model: Any, *, context_tokens: int, threads: int, batch_tokens: int = BATCH_TOKENS) -> None:
        import llama_cpp

        self._api = llama_cpp
        self._flag = ctypes.create_string_buffer(2)
        self._ask = ctypes.cast(ctypes.CDLL(None).strlen, llama_cpp.ggml_abort_callback)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = context_tokens
        # What is scored is read at once.
        self._batch_tokens = max(batch_tokens, SCORED_AT_ONCE)
        params.n_batch = params.n_ubatch = self._batch_tokens
        params.n_outputs_max_per_seq = SCORED_AT_ONCE
        params.n_threads = params.n_threads_batch = threads
        params.abort_callback = self._ask
        params.abort_callback_data = ctypes.addressof(self._flag)
        self._context: Any = llama_cpp.llama_init_from_model(model, params)
        if not self._context:
            raise ModelFailed(
                f"llama.cpp can't make a context of {context_tokens} tokens: {last_error()}",
                remedy="set context_tokens to a smaller number in janus.toml",
            )
        self.size = llama_cpp.llama_n_ctx(self._context)
        self._memory: Any = llama_cpp.llama_get_memory(self._context)
        self._read: list[int] = []
        # OpenMP keeps a team of threads for every thread that computes: one is enough.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="llama")

    def read(self, tokens: Sequence[int], cancelled: Cancelled) -> bool:
        """Bring the state to exactly these tokens; False if it was cancelled, and then the state is a part of them."""
        kept = min(_common(self._read, tokens), len(tokens) - 1)
        self.forget_after(kept)
        return all(
            self._decode(tokens[start : start + self._batch_tokens], cancelled)
            for start in range(kept, len(tokens), self._batch_tokens)
        )

    def go_on(self, tokens: Sequence[int], cancelled: Cancelled, *, every: bool = False) -> bool:
        """Read some more tokens (with `every`, up to `SCORED_AT_ONCE`, and have logits after each); False if cancelled."""
        return self._decode(tokens, cancelled, every=every)

    def forget_after(self, count: int) -> None:
        """Forget everything but the first `count` tokens."""
        self._api.llama_memory_seq_rm(self._memory, 0, count, -1)
        del self._read[count:]

    def sample(self, sampler: Any) -> int:
        """The next token by this sampler."""
        return int(self._api.llama_sampler_sample(sampler, self._context, -1))

    def log_probabilities(self, index: int, vocabulary: int) -> npt.NDArray[np.float32]:
        """Log-probability of every token after position `index` of what was read last."""
        pointer = self._api.llama_get_logits_ith(self._context, index)
        logits: npt.NDArray[np.float32] = np.ctypeslib.as_array(pointer, (vocabulary,)).copy()
        logits -= logits.max()
        logits -= np.log(np.exp(logits).sum())
        return logits

    def close(self) -> None:
        """Give the memory back."""
        self._thread.shutdown()
        self._api.llama_free(self._context)

    def _decode(self, tokens: Sequence[int], cancelled: Cancelled, *, every: bool = False) -> bool:
        if cancelled():
            return False
        self._flag.value = _GO_ON
        working = self._thread.submit(self._decode_now, list(tokens), every)
        code = self._wait(working, cancelled)
        if code == 0:
            self._read.extend(tokens)
            return True
        # An aborted or failed batch may have been read in part.
        self.forget_after(len(self._read))
        if code == _ABORTED:
            return False
        raise ModelFailed(
            f"llama.cpp failed to read {len(tokens)} tokens (code {code}): {last_error()}",
            remedy="repeat; if it happens again, set context_tokens to a smaller number in janus.toml",
        )

    def _wait(self, working: Future[int], cancelled: Cancelled) -> int:
        """The result of a batch, asking now and then whether it is still wanted; it has ended whatever happens here."""
        try:
            while True:
                try:
                    return working.result(_ASK_EVERY_SECONDS)
                except NotYet:
                    if cancelled():
                        self._flag.value = _STOP
        finally:
            self._flag.value = _STOP
            working.exception()

    def _decode_now(self, tokens: list[int], every: bool) -> int:  # noqa: FBT001
        api = self._api
        array = (api.llama_token * len(tokens))(*tokens)
        batch = api.llama_batch_get_one(array, len(tokens))
        if every:
            wanted = (ctypes.c_int8 * len(tokens))(*[1] * len(tokens))
            batch.logits = ctypes.cast(wanted, ctypes.POINTER(ctypes.c_int8))
        return int(api.llama_decode(self._context, batch))


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two sequences share from their beginning."""
    for count, (a, b) in enumerate(zip(first, second, strict=False)):
        if a != b:
            return count
    return min(len(first), len(second))
