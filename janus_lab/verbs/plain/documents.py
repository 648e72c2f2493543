"""Documents and ingests as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from janus_lab.values.counted import count
from janus_lab.values.document import Document
from janus_lab.values.index_generation import ReindexReport
from janus_lab.values.ingest import FileOutcome, FileState, IngestPlan, IngestReport, Progress
from janus_lab.values.size import size
from janus_lab.verbs.docs import Removal
from janus_lab.verbs.listings import Documents
from janus_lab.verbs.plain.amounts import duration, moment
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.plain.table import table

OUTCOMES_SHOWN = 20


def documents(value: Documents) -> str:
    """A line a document."""
    if not value:
        return "No documents."
    rows = [
        (d.id[:8], d.collection, one_line(d.origin, 60), one_line(d.title, 40), str(d.pages or "–"), str(d.chunks))
        for d in value
    ]
    return table(("id", "collection", "origin", "title", "pages", "chunks"), rows)


def document(value: Document) -> str:
    """One document with its metadata."""
    facts = document_facts(value)
    width = max(len(name) for name, _ in facts)
    return "\n".join(f"{name.ljust(width)}  {one_line(text, 200)}" for name, text in facts)


def document_facts(value: Document) -> list[tuple[str, str]]:
    """What there is to say about a document, name and text."""
    facts = [
        ("id", value.id),
        ("collection", value.collection),
        ("origin", value.origin),
        ("title", value.title),
        ("type", value.media_type),
        ("pages", str(value.pages or "–")),
        ("chunks", str(value.chunks)),
        ("characters", f"{value.characters:,}"),
        ("ingested", moment(value.ingested_at)),
        ("content", f"sha256:{value.content_hash}"),
        ("version", value.version_id),
    ]
    return facts + [(f"metadata.{name}", str(item)) for name, item in value.metadata.items()]


def report(value: IngestReport) -> str:
    """What an ingest did, and every file that needs a word."""
    head = f"{ingest_counts(value)} in {duration(value.seconds)}"
    if value.documents:  # nothing written is no news about what is there
        head += f": {count(value.documents, 'document')}, {count(value.chunks, 'chunk')}"
    return "\n".join([head, *_outcomes(value.outcomes)])


def ingest_counts(value: IngestReport) -> str:
    """Files by what became of them; zeros are left out."""
    names = ("added", "changed", "unchanged", "flagged", "failed")
    parts = [f"{getattr(value, name):,} {name}" for name in names if getattr(value, name)]
    return ", ".join(parts) or "no files"


def plan(value: IngestPlan) -> str:
    """What an ingest would do."""
    expected = f", about {duration(value.seconds)}" if value.seconds is not None else ""
    head = f"Would ingest {count(value.files - value.unchanged - value.unreadable, 'file')} of {value.files:,} ({size(value.bytes)}, about {count(value.chunks, 'chunk')}{expected})."
    return "\n".join([head, *_outcomes(value.outcomes)])


def _outcomes(outcomes: Sequence[FileOutcome]) -> list[str]:
    spoken = [o for o in outcomes if o.state in (FileState.FAILED, FileState.FLAGGED)]
    lines = [
        f"  {o.state.value}: {one_line(o.origin, 100)}: {one_line(o.message, 200)}"
        + (f" ({one_line(o.remedy, 200)})" if o.remedy else "")
        for o in spoken[:OUTCOMES_SHOWN]
    ]
    if len(spoken) > OUTCOMES_SHOWN:
        lines.append(f"  … and {len(spoken) - OUTCOMES_SHOWN:,} more (--json lists them)")
    return lines


def progress(value: Progress) -> str:
    """How far an ingest is, on one line."""
    parts = [f"{value.files_done:,}/{value.files_total:,} files", count(value.chunks_done, "chunk")]
    if value.chunks_per_second:
        parts.append(f"{value.chunks_per_second:,.0f} chunks/s")
    if value.seconds_left is not None:
        parts.append(f"{duration(value.seconds_left)} left")
    return " · ".join(parts)


def reindexed(value: ReindexReport) -> str:
    """What serves a collection now, and what it took the place of."""
    before = f", no longer by {one_line(value.before, 100)}" if value.before and value.before != value.model else ""
    return (
        f"Collection {one_line(value.collection, 100)} is indexed by {one_line(value.model, 100)} now{before}"
        f" ({count(value.chunks, 'chunk')}, generation {value.generation}, {duration(value.seconds)})."
    )


def removal(value: Removal) -> str:
    """How many were removed."""
    return f"Removed {count(value.documents, 'document')}." if value.documents else "Nothing was removed."
