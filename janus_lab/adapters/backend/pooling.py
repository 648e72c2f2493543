"""One embedding out of a vector for each token, as a model's own files say."""

from __future__ import annotations

import json
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

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
    told = _beside(model, _POOLING)
    if told.get("pooling_mode_cls_token"):
        return Pooling.FIRST
    if told.get("pooling_mode_lasttoken"):
        return Pooling.LAST
    return Pooling.MEAN


def read_window(model: Path, otherwise: int) -> int:
    """How many tokens a model reads at most, as the files beside it say."""
    for name, key in _WINDOWS:
        found = _beside(model, Path(name)).get(key)
        if isinstance(found, int) and found > 0:
            return found
    return otherwise


def _beside(model: Path, name: Path) -> dict[str, Any]:
    """A JSON file in the model's folder or the one above, as repositories keep graphs in a folder of their own."""
    for folder in (model.parent, model.parent.parent):
        with suppress(OSError, ValueError):
            found = json.loads((folder / name).read_text(encoding="utf-8"))
            if isinstance(found, dict):
                return found
    return {}
