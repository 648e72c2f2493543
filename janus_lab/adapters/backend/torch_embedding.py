"""Embeddings by sentence-transformers, on an accelerator where the plan names one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.processors import model_threads, rest_while_waiting
from janus_lab.adapters.backend.shared_batches import SharedBatches
from janus_lab.adapters.backend.token_graph import plain_text, read_tokenizer, replace_file
from janus_lab.errors import MissingPackage, ModelFailed, SettingsError
from janus_lab.values.generation import ModelInfo
from janus_lab.values.load_order import LoadOrder

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_CHARACTERS_A_TOKEN = 4
_LARGER_ON_ACCELERATORS = 32
"""They need that much more at a time to be busy."""
_WINDOW_TOKENS = 512
_NATIVE = ("", "int8")
"""What stands in the settings for other backends: each device gets what it is best at."""
_PRECISIONS = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}

Floats = npt.NDArray[np.float32]


@contextmanager
def open_torch_embedding(order: LoadOrder) -> Iterator[TorchEmbedding]:
    """The model in the folder of the order's file, as sentence-transformers saves it. No code that came with it is run.

    Raises MissingPackage, SettingsError for a precision that there is not, or ModelFailed if the folder can't be used.
    """
    rest_while_waiting()
    # Accelerators are counted as they are measured.
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    try:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as their_log
    except ImportError as error:
        raise MissingPackage(
            f"{order.file.name} needs the package sentence-transformers",
            remedy="pip install 'janus-lab[sentence-transformers]', or choose an ONNX or GGUF file of this model",
        ) from error
    their_log.disable_progress_bar()
    torch.set_num_threads(model_threads(order.threads))
    device = _device(order)
    if device != "cpu" and not torch.cuda.is_available():
        raise ModelFailed(
            f"this torch computes on no accelerator, and {order.record.name} was to be placed on {device}",
            remedy="install a torch that was built for it, or set the model's gpu_layers to 0",
        )
    precision = _precision(order.record.options.precision, device)
    try:
        model: Any = SentenceTransformer(
            str(order.file.parent),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"dtype": getattr(torch, _PRECISIONS[precision]), "use_safetensors": True},
        )
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        raise ModelFailed(
            f"sentence-transformers can't load {order.file.parent.name}: {error}", remedy=replace_file(order.file)
        ) from error
    order.still_wanted()
    # Whoever asks writes a prefix before a text, so that no text gets two.
    model.default_prompt_name = None
    model.max_seq_length = order.record.options.context_tokens or model.max_seq_length or _WINDOW_TOKENS
    budget = order.batch_tokens * _CHARACTERS_A_TOKEN * (_LARGER_ON_ACCELERATORS if order.plan.devices else 1)
    with ThreadPoolExecutor(1, thread_name_prefix="torch") as thread:

        def encode(texts: Sequence[str]) -> Floats:
            return thread.submit(_encode, model, texts).result()

        size = encode(["x"]).shape[1]
        variant = f"sentence-transformers/{precision}"
        info = replace(order.info, variant=variant, dimensions=size, context_tokens=model.max_seq_length)
        batches = SharedBatches(encode, pool=thread, threads=1, budget=budget)
        yield TorchEmbedding(read_tokenizer(order.tokenizer_file), info, batches)
    if order.plan.devices:
        torch.cuda.empty_cache()


class TorchEmbedding:
    """An embedding model in sentence-transformers; safe to call from several threads, whose texts may share batches."""

    def __init__(self, tokenizer: Tokenizer, info: ModelInfo, batches: SharedBatches[str]) -> None:
        self.info = info
        self._tokenizer = tokenizer
        self._batches = batches

    def embed(self, texts: Sequence[str]) -> Floats:
        """Embeddings of unit length, shape `(len(texts), dim)`; texts over the model's window are cut. Raises ModelFailed."""
        if not texts:
            return np.empty((0, self.info.dimensions), np.float32)
        return np.stack(self._batches.compute([plain_text(text) for text in texts]))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, special tokens included, uncut."""
        return [len(found.ids) for found in self._tokenizer.encode_batch_fast([plain_text(text) for text in texts])]


def _device(order: LoadOrder) -> str:
    """What torch calls the first of the plan's accelerators."""
    first = next(iter(order.plan.devices), None)
    return "cpu" if first is None else f"cuda:{order.numbers.get(first, first)}"


def _precision(name: str, device: str) -> str:
    if name in _NATIVE:
        return "fp32" if device == "cpu" else "bf16"
    if name not in _PRECISIONS:
        raise SettingsError(
            f"sentence-transformers knows no precision {name!r}", remedy=f"choose one of {', '.join(_PRECISIONS)}"
        )
    return name


def _encode(model: Any, texts: Sequence[str]) -> Floats:
    try:
        found = model.encode(
            list(texts),
            batch_size=len(texts),
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
    except (RuntimeError, ValueError) as error:
        raise ModelFailed(
            f"sentence-transformers failed: {error}",
            remedy="repeat; if it happens again, set embedding_batch_tokens to a smaller number in janus.toml",
        ) from error
    embeddings: Floats = np.asarray(found, np.float32)
    return embeddings
