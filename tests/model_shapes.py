"""Shapes of models that nobody has to have: as large as wished, otherwise alike."""

from __future__ import annotations

from janus_lab.values.model import ModelShape

GB = 1_000_000_000


def shape(gigabytes: float = 1.0, *, layers: int = 32, vocabulary: int = 32_000) -> ModelShape:
    """A model of so many gigabytes of weights, with 128 KiB of cache a position at 16 bits."""
    embedding = 4096
    table = vocabulary * embedding // 2
    return ModelShape(
        "llama",
        (round((gigabytes * GB - 2 * table) / layers),) * layers,
        table,
        table,
        tied=False,
        key_widths=(1024,) * layers,
        value_widths=(1024,) * layers,
        heads=32,
        key_length=128,
        value_length=128,
        embedding_length=embedding,
        feed_forward_length=14_336,
        vocabulary=vocabulary,
        trained_context=8192,
    )
