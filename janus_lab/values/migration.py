"""Carrying a data directory from one deployment to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """How much there is to carry over, by kind, and about how long it takes; `resumes`: an earlier attempt is gone on with."""

    source: str
    target: str
    amounts: Mapping[str, int]
    object_bytes: int
    seconds: float
    resumes: bool


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What the target holds now, by kind, compared with the source one by one.

    `forgotten` are documents of which the source had no embeddings: the next ingest embeds them. `damaged` are originals
    whose bytes are not those they should be; they were left behind.
    """

    source: str
    target: str
    amounts: Mapping[str, int]
    forgotten: tuple[str, ...]
    damaged: tuple[str, ...]
    seconds: float
