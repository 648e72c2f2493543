"""What a run is asked to do, as kept in the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from janus_lab.values.filter import Condition
from janus_lab.values.ingest import FileOutcome


@dataclass(frozen=True, slots=True)
class NamedSource:
    """A source that was found before the run: a file that workers see at `uri` (`file://`), bytes that were brought into the
    object store under `content_hash`, or, with neither, a URL. Size in bytes, time in nanoseconds since the epoch.
    """

    origin: str
    uri: str = ""
    size: int = 0
    modified_ns: int = 0
    content_hash: str = ""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan found: sources to be read, those that can't be, and how many were passed over as unchanged."""

    found: tuple[NamedSource, ...]
    failures: tuple[FileOutcome, ...] = ()
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """Ingest files, folders, globs (absolute) or URLs into a collection.

    `urls` must be true for URLs to be fetched; `verify` reads every file again instead of trusting size and time of change;
    `plan_only` finds out what would be done and does nothing. With `scanned`, exactly that is read and `sources` only say
    where it came from.
    """

    sources: tuple[str, ...]
    collection: str
    urls: bool = False
    verify: bool = False
    plan_only: bool = False
    scanned: Scanned | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """Find up to `limit` hits for each query in a collection, among documents that meet every condition."""

    queries: tuple[str, ...]
    collection: str
    limit: int = 10
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class AskRequest:
    """Answer a question from a collection, with evidence from its `limit` best hits. With `model`, only that one may write."""

    question: str
    collection: str
    limit: int = 8
    where: tuple[Condition, ...] = ()
    model: str = ""


@dataclass(frozen=True, slots=True)
class RemoveRequest:
    """Remove these documents from every store. `names` are what a person called them: ids, origins, paths."""

    document_ids: tuple[str, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReindexRequest:
    """Index a collection anew with the embedding model of this name or at this URI; "" is the one in use."""

    collection: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """Compare the stores with one another; with `mend`, remove what belongs to no document."""

    mend: bool = False
