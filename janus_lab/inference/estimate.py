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
_FILE_TYPE = b"general.file_type" + (4).to_bytes(4, "little")
"""The entry of a GGUF file's metadata that names the format of its weights, as a number of 32 bits."""
_CONVERTED = 3
"""Q4_1, which CPUs are slow at: the backend converts it."""
_METADATA_BYTES = 1 << 20


def embedding_demand(name: str, path: Path) -> Demand:
    """The embedding model called `name` in a file."""
    return Demand(f"model {name}", {RAM: _PREPARED * path.stat().st_size + _EMBEDDING_MB * MEGABYTE})


def generation_demand(name: str, path: Path, context_tokens: int) -> Demand:
    """The language model called `name` in a GGUF file, with a window of so many tokens."""
    weights = path.stat().st_size * (_PREPARED if _file_type(path) == _CONVERTED else 1)
    cache = context_tokens * _CACHE_BYTES_PER_TOKEN
    return Demand(f"model {name}", {RAM: weights + cache + _GENERATION_MB * MEGABYTE})


def _file_type(path: Path) -> int | None:
    """The format of a GGUF file's weights, if it says so where such files do."""
    with path.open("rb") as file:
        _, found, after = file.read(_METADATA_BYTES).partition(_FILE_TYPE)
    return int.from_bytes(after[:4], "little") if found else None
