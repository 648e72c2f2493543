"""Embeddings of texts."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from janus_lab.serve.fields import Fields
from janus_lab.serve.refusals import Refused, wrong
from janus_lab.values.embedding import Embedded, of_one_model

TEXTS_AT_MOST = 2_048
_KEPT = ("model", "input", "encoding_format", "dimensions", "priority")


def read_texts(fields: Fields) -> tuple[str, ...]:
    """The texts of a body of `embeddings`. Raises Refused."""
    fields.refuse_unkept(_KEPT)
    given = fields.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not 1 <= len(texts) <= TEXTS_AT_MOST:
        raise wrong("input", f"a text, or 1 to {TEXTS_AT_MOST} of them, are expected")
    if not all(isinstance(text, str) for text in texts):
        raise Refused(
            400, "unsupported_input", "input: send texts, not tokens (check_embedding_ctx_length=False)", field="input"
        )
    return tuple(texts)


def read_encoding(fields: Fields) -> str:
    """`float` or `base64`. Raises Refused."""
    encoding = fields.text("encoding_format", "float")
    if encoding not in ("float", "base64"):
        raise wrong("encoding_format", "float or base64 is expected")
    return encoding


def embeddings(parts: list[Embedded], encoding: str, dimensions: int | None) -> dict[str, Any]:
    """The answer. Raises EngineError for parts of several models, and Refused if other dimensions were asked for than the model has."""
    first = of_one_model(parts)[0]
    if dimensions not in (None, first.dimensions):
        raise wrong("dimensions", f"{first.model} has {first.dimensions}, and none are cut off")
    rows = np.concatenate([_rows(part) for part in parts])
    tokens = sum(part.tokens for part in parts)
    return {
        "object": "list",
        "model": first.model,
        "data": [
            {"object": "embedding", "index": number, "embedding": _written(row, encoding)}
            for number, row in enumerate(rows)
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _rows(part: Embedded) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.frombuffer(base64.b64decode(part.data), dtype="<f4").reshape(part.count, part.dimensions)


def _written(row: np.ndarray[Any, np.dtype[np.float32]], encoding: str) -> str | list[float]:
    return base64.b64encode(row.tobytes()).decode("ascii") if encoding == "base64" else row.tolist()
