"""What goes into and comes out of a vector store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from janus_lab.values.metadata import Scalar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Point:
    """A chunk to be found: its embedding (float32, shape `(dim,)`, unit length), the words to match, and its payload.

    `payload` holds `document_id` and the document's metadata as `metadata.flat_metadata` makes it, for filters.
    """

    chunk_id: str
    embedding: Vector = field(compare=False)
    text: str
    payload: Mapping[str, Scalar | Sequence[Scalar]]


@dataclass(frozen=True, slots=True)
class ScoredPoint:
    """A chunk id with the score that one retriever gave it, higher is better."""

    chunk_id: str
    score: float
