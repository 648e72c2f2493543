"""What `janus init` did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Beginning:
    """Files made and files kept as they were, each with a word about it; what to know, and the commands to type next."""

    home: str
    made: tuple[str, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...]
    next: tuple[str, ...]
