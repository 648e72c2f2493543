"""What a model is expected to take of a process's own memory, told before it is loaded. An estimate asks; it forbids nothing.

Weights that are mapped from their file are the system's cache, not the process's; they count all the same, as a model is slow
whose weights don't stay in memory.
"""

from __future__ import annotations

from pathlib import Path

from janus_lab.scheduler.demand import MEGABYTE, Demand
from janus_lab.values.lease import RAM

_EMBEDDING_MB = 96
"""A session's buffers, seen with the starter's model."""
_GENERATION_MB = 128
"""Buffers to compute in, seen with the starter's model."""
_CACHE_BYTES_PER_TOKEN = 64_000
"""Keys and values of a token, for models of a few billion parameters."""
_PREPARED = 2
"""A file that is prepared for fast use takes up to twice its size."""


def embedding_demand(path: Path) -> Demand:
    """The embedding model in a file."""
    return Demand(f"model {path.stem}", {RAM: _PREPARED * path.stat().st_size + _EMBEDDING_MB * MEGABYTE})


def generation_demand(path: Path, context_tokens: int) -> Demand:
    """The language model in a file, with a window of so many tokens."""
    cache = context_tokens * _CACHE_BYTES_PER_TOKEN
    return Demand(f"model {path.stem}", {RAM: _PREPARED * path.stat().st_size + cache + _GENERATION_MB * MEGABYTE})
