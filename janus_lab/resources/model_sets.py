"""Sets of models that people run, and what each takes: recorded, so that what fits is known before anything is fetched."""

from __future__ import annotations

from dataclasses import dataclass

EMBEDDING_BYTES = 430_000_000
"""What the worker grows by with the packaged embedding model at work: peak measured with batches of the default size."""


@dataclass(frozen=True, slots=True)
class ModelSet:
    """A generating model beside the packaged embedding model.

    `weights_bytes` is its file as published, rounded; `position_bytes` what each token of context takes at 16 bits (two times
    layers, heads of keys and values, and their size); `compute_bytes` the buffers of a batch of 512 tokens.
    """

    name: str
    generation: str
    weights_bytes: int
    position_bytes: int
    compute_bytes: int
    context_tokens: int
    packaged: bool = False

    @property
    def models(self) -> str:
        """What it is made of, in words."""
        return f"MiniLM and {self.generation}" if self.generation else "MiniLM; answers are quotes"

    def needed(self) -> int:
        """Memory of the generating model with a full context, in bytes."""
        return self.weights_bytes + self.position_bytes * self.context_tokens + self.compute_bytes


def _positions(layers: int, heads: int, size: int) -> int:
    return 2 * layers * heads * size * 2


_VOCABULARY_OF_150_000 = 320_000_000
"""A float for each word of the vocabulary and token of the batch."""

QUOTES = ModelSet("quotes", "", 0, 0, 0, 0, packaged=True)
STARTER = ModelSet(
    "starter",
    "SmolLM2-135M-Instruct (Q8_0)",
    145_000_000,
    _positions(30, 3, 64),
    98_000_000,
    2048,
    packaged=True,
)
MODEL_SETS = (
    QUOTES,
    STARTER,
    ModelSet(
        "small",
        "Qwen2.5-1.5B-Instruct (Q4_K_M)",
        1_120_000_000,
        _positions(28, 2, 128),
        _VOCABULARY_OF_150_000,
        4096,
    ),
    ModelSet(
        "medium",
        "Qwen2.5-7B-Instruct (Q4_K_M)",
        4_680_000_000,
        _positions(28, 4, 128),
        _VOCABULARY_OF_150_000,
        8192,
    ),
    ModelSet(
        "large",
        "Qwen2.5-14B-Instruct (Q4_K_M)",
        8_990_000_000,
        _positions(48, 8, 128),
        _VOCABULARY_OF_150_000,
        8192,
    ),
    ModelSet(
        "larger",
        "Qwen2.5-32B-Instruct (Q4_K_M)",
        19_900_000_000,
        _positions(64, 8, 128),
        _VOCABULARY_OF_150_000,
        8192,
    ),
    ModelSet(
        "largest",
        "Qwen2.5-72B-Instruct (Q4_K_M)",
        47_400_000_000,
        _positions(80, 8, 128),
        _VOCABULARY_OF_150_000,
        8192,
    ),
)
"""From the least to the most."""
