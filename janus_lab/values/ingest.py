"""What an ingest is asked to do, what it found, and what it did."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FileState(StrEnum):
    """What became of one source."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FLAGGED = "flagged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """One source's outcome; `code`, `message` and `remedy` are filled for failures and warnings."""

    origin: str
    state: FileState
    documents: int = 0
    chunks: int = 0
    code: str = ""
    message: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """The result of one ingest. Counts are of files; `outcomes` lists every file that is not simply unchanged (bounded)."""

    run_id: str
    collection: str
    added: int
    changed: int
    unchanged: int
    flagged: int
    failed: int
    documents: int
    chunks: int
    embedded: int
    seconds: float
    outcomes: tuple[FileOutcome, ...] = ()


@dataclass(frozen=True, slots=True)
class IngestPlan:
    """What an ingest would do, found without doing it (`--dry-run`).

    `files` counts all that was found; `unreadable` ones among them yield no document. `bytes` are those of the files that
    would be ingested.
    """

    collection: str
    files: int
    bytes: int
    unchanged: int
    chunks: int
    seconds: float | None
    """Expected time from this machine's measured rate; None before the first ingest."""
    unreadable: int = 0
    outcomes: tuple[FileOutcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is; `seconds_left` is None while nothing is known."""

    files_done: int
    files_total: int
    chunks_done: int
    chunks_per_second: float
    seconds_left: float | None
    current: str = ""
