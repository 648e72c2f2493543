"""An ingest that has something to do in every store: of reports that were ingested before, most are rewritten, many are new.

What only rewritten chunks support in the graph has to go with them.
"""

from __future__ import annotations

import itertools
from contextlib import suppress
from pathlib import Path

from janus_lab import Lab, open_lab
from janus_lab.errors import StoreUnreachable
from janus_lab.runs.handle import RunHandle
from janus_lab.values.event import EventKind
from janus_lab.values.graph import Entity, Relation
from janus_lab.values.ingest import IngestReport
from janus_lab.values.run import Run, RunState
from tests.end_to_end.conftest import write_reports
from tests.end_to_end.holdings import holdings
from tests.end_to_end.journeys import CLEAN

KEPT, CHANGED, NEW = 24, 104, 128
DONE = ("changed", "added", "unchanged", "failed")
GROUPS = 5


def write_first(project: Path) -> Path:
    """The reports as they are at first."""
    return write_reports(project / "reports", KEPT + CHANGED, sentences=5)


def write_second(project: Path) -> Path:
    """The reports as they are in the end. Files that stay keep their times."""
    folder = project / "reports"
    for number in range(KEPT, KEPT + CHANGED):
        path = folder / f"report-{number:04}.txt"
        path.write_text(f"Report {number} was written anew. It tells of an emu at mile {number}.", encoding="utf-8")
    later = write_reports(project / "later", KEPT + CHANGED + NEW, sentences=5)
    for path in sorted(later.iterdir())[KEPT + CHANGED :]:
        path.rename(folder / path.name)
    return folder


def fill_graph(lab: Lab) -> None:
    """An entity for each report, related to the next, and some that many reports speak of."""
    documents = sorted(lab.documents(limit=100_000), key=lambda document: document.origin)
    chunks = lab._documents.chunk_ids([document.id for document in documents])
    own = [Entity(f"of {d.origin}", d.origin, chunk_ids=tuple(chunks[d.id])) for d in documents]
    shared = [
        Entity(f"group {n}", f"{n}", chunk_ids=tuple(sorted(i for d in documents[n::GROUPS] for i in chunks[d.id])))
        for n in range(min(GROUPS, len(documents)))
    ]
    chain = [Relation(f"{a.id}, then", a.id, b.id, chunk_ids=a.chunk_ids[:1]) for a, b in itertools.pairwise(own)]
    lab.graph.upsert(lab.settings.collection, [*own, *shared], chain)


def ingest_first(lab: Lab, project: Path) -> None:
    """Ingest the first state, and fill the graph with what it says."""
    assert lab.ingest(write_first(project)).added == KEPT + CHANGED
    fill_graph(lab)


def undisturbed(project: Path) -> dict[str, object]:
    """What both ingests leave on embedded stores if nobody disturbs them."""
    (project / ".janus").mkdir(parents=True)
    with open_lab(project / ".janus", inline=True) as lab:
        ingest_first(lab, project)
        report = lab.ingest(write_second(project))
        assert [getattr(report, name) for name in DONE] == [CHANGED, NEW, KEPT, 0]
        settings = lab.settings
    held = holdings(settings)
    assert 0 < len(held["graph"]) < 2 * KEPT + GROUPS, "what was rewritten has left the graph"
    return held


def under_way(handle: RunHandle, chunks: int) -> bool:
    """Wait until so many chunks are done; False if the run is over. Servers that were started just now are borne with."""
    for event in handle.events():
        if event.kind is EventKind.PROGRESS and event.data["chunks_done"] >= chunks:
            with suppress(StoreUnreachable):
                return not handle.run().state.final
    return False


def assert_like_undisturbed(lab: Lab, handle: RunHandle, clean: dict[str, object]) -> Run:
    """The run has ended, every store holds what it would without disturbance, and no step was counted twice."""
    report = handle.wait(IngestReport)
    assert [getattr(report, name) for name in DONE] == [CHANGED, NEW, KEPT, 0]
    found = holdings(lab.settings)
    for store, expected in clean.items():
        assert found[store] == expected, f"{store} differ from those of an undisturbed ingest"
    counts = lab.check()
    assert {name: counts[name] for name in CLEAN} == CLEAN
    _assert_steps_counted_once(lab, handle.id)
    assert {run.state for run in lab._ledger.find(parent=None, limit=10_000)} == {RunState.DONE}
    assert lab.ingest(lab.settings.home.parent / "reports").unchanged == KEPT + CHANGED + NEW
    return handle.run()


def _assert_steps_counted_once(lab: Lab, run_id: str) -> None:
    shares = lab._ledger.find(parent=run_id, limit=100)
    assert len(shares) > 2
    written = [step.effect for share in shares for step in lab._ledger.steps(share.id) if "outcomes" in step.effect]
    origins = [outcome["origin"] for effect in written for outcome in effect["outcomes"]]
    assert len(origins) == len(set(origins)) == CHANGED + NEW
    assert sum(share.result["documents"] for share in shares) == CHANGED + NEW
