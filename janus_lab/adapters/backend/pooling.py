"""One embedding out of a vector for each token, as a model's own files say."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.model_folder import beside

Floats = npt.NDArray[np.float32]

_POOLING = Path("1_Pooling", "config.json")
_WINDOWS = (("sentence_bert_config.json", "max_seq_length"), ("config.json", "max_position_embeddings"))
_LEAST = 1e-12


class Pooling(StrEnum):
    """Which tokens speak for a text: all alike, the first, or the last."""

    MEAN = "mean"
    FIRST = "cls"
    LAST = "last"


def pooled(tokens: Floats, mask: npt.NDArray[np.int64], way: Pooling) -> Floats:
    """`(texts, tokens, size)` to `(texts, size)`; the mask is 1 for a text's own tokens, which are the first ones."""
    found: Floats
    if way is Pooling.FIRST:
        found = tokens[:, 0]
    elif way is Pooling.LAST:
        found = tokens[np.arange(len(tokens)), mask.sum(axis=1) - 1]
    else:
        chosen = mask.astype(np.float32)
        found = np.einsum("btd,bt->bd", tokens, chosen) / chosen.sum(axis=1, keepdims=True)
    return found


def unit(embeddings: Floats) -> Floats:
    """The embeddings, each of length 1."""
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    found: Floats = (embeddings / np.maximum(lengths, _LEAST)).astype(np.float32)
    return found


def read_pooling(model: Path) -> Pooling:
    """What the files beside a model say, as sentence-transformers writes them; the mean if they say nothing."""
    told = beside(model, _POOLING)
    if told.get("pooling_mode_cls_token"):
        return Pooling.FIRST
    if told.get("pooling_mode_lasttoken"):
        return Pooling.LAST
    return Pooling.MEAN


def read_window(model: Path, otherwise: int) -> int:
    """How many tokens a model reads at most, as the files beside it say."""
    for name, key in _WINDOWS:
        found = beside(model, Path(name)).get(key)
        if isinstance(found, int) and found > 0:
            return found
    return otherwise
