"""What an embedding or reranking model is expected to take of memory, told before it is loaded. An estimate asks; it forbids nothing.

What generating models take follows from their shape: see `janus_lab.resources.model_memory`.
"""

from __future__ import annotations

from pathlib import Path

from janus_lab.scheduler.demand import MEGABYTE, Demand
from janus_lab.values.lease import RAM

_EMBEDDING_MB = 96
"""A session's buffers, seen with the starter's model."""
_PREPARED = 2
"""A file that is prepared for fast use takes up to twice its size."""


def embedding_demand(name: str, path: Path) -> Demand:
    """The model called `name` in a file."""
    return Demand(f"model {name}", {RAM: _PREPARED * path.stat().st_size + _EMBEDDING_MB * MEGABYTE})
