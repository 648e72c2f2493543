"""Sets of models that people run, and their shapes: recorded, so that what fits is known before anything is fetched."""

from __future__ import annotations

from dataclasses import dataclass

from janus_lab.resources.model_memory import estimated
from janus_lab.resources.placement import needed
from janus_lab.resources.wish import Wish
from janus_lab.values.lease import RAM
from janus_lab.values.model import ModelShape

EMBEDDING_BYTES = 430_000_000
"""What the worker grows by with the packaged embedding model at work: peak measured with batches of the default size."""
_TABLE_BITS = 5
"""Of each number of the token embedding, in files of four bits and a bit."""


@dataclass(frozen=True, slots=True)
class ModelSet:
    """A generating model beside the packaged embedding model; `shape` is None where there is no generating one."""

    name: str
    generation: str
    shape: ModelShape | None = None
    context_tokens: int = 0
    packaged: bool = False

    @property
    def models(self) -> str:
        """What it is made of, in words."""
        return f"MiniLM and {self.generation}" if self.generation else "MiniLM; answers are quotes"

    @property
    def weights_bytes(self) -> int:
        """The generating model's file, rounded."""
        return sum((*self.shape.layer_bytes, self.shape.embedding_bytes, self.shape.output_bytes)) if self.shape else 0

    def wish(self) -> Wish:
        """How it is run: one window, as long as it is good for."""
        return Wish(self.context_tokens)

    def needed(self) -> int:
        """Memory of the generating model with a full context on processors, in bytes."""
        return needed(self.shape, estimated(self.shape, self.wish().plan()), ())[RAM] if self.shape else 0


def _shape(
    weights: int, layers: int, embedding: int, *, heads: int, kv_heads: int, width: int, tied: bool = False
) -> ModelShape:
    """A model of the Qwen2.5 family, whose file has so many bytes of weights."""
    vocabulary, size = 152_064, 128
    table = vocabulary * embedding * _TABLE_BITS // 8
    tables = table if tied else 2 * table
    return ModelShape(
        "qwen2",
        ((weights - tables) // layers,) * layers,
        table,
        tables - table,
        tied=tied,
        key_widths=(kv_heads * size,) * layers,
        value_widths=(kv_heads * size,) * layers,
        heads=heads,
        key_length=size,
        value_length=size,
        embedding_length=embedding,
        feed_forward_length=width,
        vocabulary=vocabulary,
        trained_context=32_768,
    )


QUOTES = ModelSet("quotes", "", packaged=True)
STARTER = ModelSet(
    "starter",
    "SmolLM2-135M-Instruct (Q8_0)",
    ModelShape(
        "llama",
        (3_800_000,) * 30,
        31_000_000,
        0,
        tied=True,
        key_widths=(192,) * 30,
        value_widths=(192,) * 30,
        heads=9,
        key_length=64,
        value_length=64,
        embedding_length=576,
        feed_forward_length=1536,
        vocabulary=49_152,
        trained_context=8192,
    ),
    2048,
    packaged=True,
)
MODEL_SETS = (
    QUOTES,
    STARTER,
    ModelSet(
        "small",
        "Qwen2.5-1.5B-Instruct (Q4_K_M)",
        _shape(1_120_000_000, 28, 1536, heads=12, kv_heads=2, width=8960, tied=True),
        4096,
    ),
    ModelSet(
        "medium",
        "Qwen2.5-7B-Instruct (Q4_K_M)",
        _shape(4_680_000_000, 28, 3584, heads=28, kv_heads=4, width=18_944),
        8192,
    ),
    ModelSet(
        "large",
        "Qwen2.5-14B-Instruct (Q4_K_M)",
        _shape(8_990_000_000, 48, 5120, heads=40, kv_heads=8, width=13_824),
        8192,
    ),
    ModelSet(
        "larger",
        "Qwen2.5-32B-Instruct (Q4_K_M)",
        _shape(19_900_000_000, 64, 5120, heads=40, kv_heads=8, width=27_648),
        8192,
    ),
    ModelSet(
        "largest",
        "Qwen2.5-72B-Instruct (Q4_K_M)",
        _shape(47_400_000_000, 80, 8192, heads=64, kv_heads=8, width=29_568),
        8192,
    ),
)
"""From the least to the most."""
