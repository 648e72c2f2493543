"""Documents and ingests as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from janus_lab.values.counted import count
from janus_lab.values.document import Document
from janus_lab.values.ingest import FileOutcome, FileState, IngestPlan, IngestReport
from janus_lab.values.size import size
from janus_lab.verbs.listings import Documents
from janus_lab.verbs.plain.amounts import duration
from janus_lab.verbs.plain.documents import document_facts
from janus_lab.verbs.plain.printable import one_line
from janus_magics.render.markup import Markup, details, element, facts, join, page, table

DOCUMENTS_SHOWN = 200
OUTCOMES_SHOWN = 50
_KINDS = {"added": "good", "changed": "good", "unchanged": "dim", "flagged": "warn", "failed": "bad"}


def documents(value: Documents) -> Markup:
    """A row a document."""
    if not value:
        return page(element("div", "No documents.", kind="dim"))
    rows = [
        (
            element("code", d.id[:8]),
            d.collection,
            join((element("span", one_line(d.title or d.origin, 100)), _origin(d))),
            d.media_type,
            str(d.pages or "–"),
            f"{d.chunks:,}",
        )
        for d in value[:DOCUMENTS_SHOWN]
    ]
    more = len(value) - DOCUMENTS_SHOWN
    rest = element("div", f"… and {more:,} more", kind="dim small") if more > 0 else ""
    return page(table(("id", "collection", "document", "type", "pages", "chunks"), rows, numeric=(4, 5)), rest)


def _origin(value: Document) -> Markup:
    return element("div", one_line(value.origin, 160), kind="dim small") if value.title else Markup()


def document(value: Document) -> Markup:
    """One document with its metadata."""
    return page(facts(document_facts(value)))


def report(value: IngestReport) -> Markup:
    """What an ingest did, and every file that needs a word."""
    badges = [
        element("span", f"{getattr(value, name):,} {name}", kind=f"badge {kind}")
        for name, kind in _KINDS.items()
        if getattr(value, name)
    ]
    rate = f" · {value.embedded / value.seconds:,.0f} chunks/s" if value.embedded and value.seconds else ""
    line = f"{count(value.documents, 'document')} · {count(value.chunks, 'chunk')} · {duration(value.seconds)}{rate}"
    head = element("div", *(badges or [element("span", "no files", kind="badge dim")]))
    return page(
        head,
        element("div", line, " · in ", element("b", value.collection), kind="small"),
        _outcomes(value.outcomes),
    )


def plan(value: IngestPlan) -> Markup:
    """What an ingest would do."""
    expected = f" · about {duration(value.seconds)}" if value.seconds is not None else ""
    line = f"{count(value.files - value.unchanged - value.unreadable, 'file')} of {value.files:,} to ingest · {size(value.bytes)} · about {count(value.chunks, 'chunk')}{expected}"
    return page(
        element("div", element("span", "dry run", kind="badge warn"), line, " into ", element("b", value.collection)),
        _outcomes(value.outcomes),
    )


def _outcomes(outcomes: Sequence[FileOutcome]) -> Markup:
    spoken = sorted(
        (o for o in outcomes if o.state in (FileState.FAILED, FileState.FLAGGED)), key=lambda o: o.state.value
    )
    if not spoken:
        return Markup()
    rows = [
        (
            element("span", o.state.value, kind=_KINDS[o.state.value]),
            element("code", one_line(o.origin, 160)),
            join((o.message, element("div", o.remedy, kind="dim small") if o.remedy else "")),
        )
        for o in spoken[:OUTCOMES_SHOWN]
    ]
    more = f" (the first {OUTCOMES_SHOWN})" if len(spoken) > OUTCOMES_SHOWN else ""
    return details(f"{count(len(spoken), 'file')} to look at{more}", table(("", "file", "why"), rows))
