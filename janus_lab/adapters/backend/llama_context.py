"""A context of llama.cpp: it reads batches, keeps what was read in a cache, and tells what may come next."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.llama_batch import TokenBatch
from janus_lab.adapters.backend.llama_log import last_error
from janus_lab.adapters.backend.llama_parameters import context_parameters
from janus_lab.errors import ModelFailed
from janus_lab.values.model import LoadPlan

READ, NO_ROOM, STOPPED = 0, 1, 2
"""How reading a batch ends; other codes are failures."""
_GO_ON, _STOP = b"", b"x"


class LlamaContext:
    """Reads batches. For one thread at a time, but that `stop` may come from any.

    Reading can be stopped within it: llama.cpp asks a callback at every operation, and that callback is C's `strlen` on a
    buffer of ours, so that no computing thread ever waits for Python.
    """

    def __init__(self, model: Any, plan: LoadPlan, *, threads: int) -> None:
        import llama_cpp

        self.api: Any = llama_cpp
        self._flag = ctypes.create_string_buffer(2)
        self._ask = ctypes.cast(ctypes.CDLL(None).strlen, llama_cpp.ggml_abort_callback)
        self.batch_tokens = plan.batch_tokens
        self.threads = threads
        params = context_parameters(plan, threads)
        params.abort_callback = self._ask
        params.abort_callback_data = ctypes.addressof(self._flag)
        self.outputs = params.n_outputs_max
        self._raw: Any = llama_cpp.llama_init_from_model(model, params)
        if not self._raw:
            raise ModelFailed(
                f"llama.cpp can't make a context of {plan.cells} tokens: {last_error()}",
                remedy="set context_tokens to a smaller number in janus.toml",
            )
        self.cells = llama_cpp.llama_n_ctx(self._raw)
        self.memory: Any = llama_cpp.llama_get_memory(self._raw)
        self._vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))

    def read(self, batch: TokenBatch) -> int:
        """Read a batch: READ, NO_ROOM in the cache, STOPPED (then a part may have been read), or llama.cpp's code of a failure."""
        return int(self.api.llama_decode(self._raw, batch.raw(self.api)))

    def read_single_tokens_with(self, threads: int) -> None:
        """So many threads read batches of one token; all of them read larger ones."""
        self.api.llama_set_n_threads(self._raw, threads, self.threads)

    def let_go_on(self) -> None:
        """Forget that something was stopped."""
        self._flag.value = _GO_ON

    def stop(self) -> None:
        """Stop the reading that runs, and every one until `let_go_on`."""
        self._flag.value = _STOP

    def logits(self, place: int) -> npt.NDArray[np.float32]:
        """How likely each token comes next after a place in the batch read last: unnormalised, only until the next reading."""
        pointer = self.api.llama_get_logits_ith(self._raw, place)
        return np.ctypeslib.as_array(pointer, (self._vocabulary,))

    def sample(self, sampler: Any, place: int) -> int:
        """The token that a sampler of llama.cpp chooses after a place in the batch read last; the sampler takes note of it."""
        return int(self.api.llama_sampler_sample(sampler, self._raw, place))

    def close(self) -> None:
        """Give the memory back."""
        self.api.llama_free(self._raw)
