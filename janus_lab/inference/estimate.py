"""What an embedding or reranking model is expected to take of memory, told before it is loaded. An estimate asks; it forbids nothing.

What generating models take, and where, see `janus_lab.resources.placement`.
"""

from __future__ import annotations

from pathlib import Path

from janus_lab.resources.model_memory import estimated
from janus_lab.resources.placement import needed
from janus_lab.scheduler.demand import MEGABYTE, Demand
from janus_lab.values.lease import RAM
from janus_lab.values.model import LoadPlan, ModelShape

_EMBEDDING_MB = 96
"""A session's buffers, seen with the starter's model."""
_PREPARED = 2
"""A file that is prepared for fast use takes up to twice its size."""


def embedding_demand(name: str, path: Path) -> Demand:
    """The model called `name` in a file."""
    return Demand(f"model {name}", {RAM: _PREPARED * path.stat().st_size + _EMBEDDING_MB * MEGABYTE})


def encoder_demand(name: str, shape: ModelShape, batch_tokens: int) -> Demand:
    """The model called `name` in a GGUF file, which reads texts in batches of so many tokens and keeps nothing of them."""
    # Likelihoods are made room for after every token, though nobody wants them.
    plan = LoadPlan(batch_tokens, batch_tokens, batch_tokens, batch_tokens=batch_tokens, outputs=batch_tokens)
    return Demand(f"model {name}", needed(shape, estimated(shape, plan), ()))
