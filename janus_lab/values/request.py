"""What a run is asked to do, as kept in the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from janus_lab.values.filter import Condition


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """Ingest files, folders, globs (absolute) or URLs into a collection.

    `urls` must be true for URLs to be fetched; `verify` reads every file again instead of trusting size and time of change;
    `plan_only` finds out what would be done and does nothing.
    """

    sources: tuple[str, ...]
    collection: str
    urls: bool = False
    verify: bool = False
    plan_only: bool = False


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """Find up to `limit` hits for each query in a collection, among documents that meet every condition."""

    queries: tuple[str, ...]
    collection: str
    limit: int = 10
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class AskRequest:
    """Answer a question from a collection, with evidence from its `limit` best hits."""

    question: str
    collection: str
    limit: int = 8
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoveRequest:
    """Remove these documents from every store. `names` are what a person called them: ids, origins, paths."""

    document_ids: tuple[str, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """Compare the stores with one another; with `mend`, remove what belongs to no document."""

    mend: bool = False
