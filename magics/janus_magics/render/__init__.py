"""Values as HTML: pure functions, everything escaped, nothing fetched, readable in light and dark themes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from janus_lab.errors import JanusError
from janus_lab.values.answer import Answer, CitedContext
from janus_lab.values.beginning import Beginning
from janus_lab.values.board import Board
from janus_lab.values.document import Document
from janus_lab.values.hardware import HardwareProfile, ProfileWritten
from janus_lab.values.health import EngineRoomStatus, HealthReport
from janus_lab.values.hit import SearchResult
from janus_lab.values.ingest import IngestPlan, IngestReport
from janus_lab.values.migration import MigrationPlan, MigrationReport
from janus_lab.values.model_run import BenchReport
from janus_lab.values.model_status import ModelStatus, ModelView
from janus_lab.values.run import Run
from janus_lab.values.stored_key import KeyContent, KeyPage
from janus_lab.values.work_queue import WorkQueue
from janus_lab.verbs.listings import (
    DeadLetters,
    DeletedKeys,
    Documents,
    ModelAdded,
    ModelFits,
    RawKey,
    Rows,
    Runs,
    SearchResults,
    SharedRun,
)
from janus_lab.verbs.plain import plain
from janus_lab.verbs.session import Using
from janus_magics.render import answer as answers
from janus_magics.render import board, deployment, documents, engine_room, graph, hardware, keys, models, queue
from janus_magics.render.markup import Markup, element, page


def _answer_with_contexts(value: Answer) -> Markup:
    return answers.answer(value, contexts(value))


def contexts(value: Answer) -> dict[int, CitedContext]:
    """The answer's citations read again within their text; those that are gone from the store are left out."""
    found: dict[int, CitedContext] = {}
    for citation in value.citations:
        try:
            found[citation.number] = value.cite(citation.number)
        except JanusError:
            # The document was removed since: the quote itself, which the answer keeps, is still shown.
            continue
    return found


HTML: dict[type, Callable[[Any], Markup]] = {
    Answer: _answer_with_contexts,
    CitedContext: answers.cited_context,
    SearchResult: answers.search_result,
    Rows: graph.rows,
    SearchResults: answers.search_results,
    Document: documents.document,
    Documents: documents.documents,
    IngestReport: documents.report,
    IngestPlan: documents.plan,
    Run: engine_room.run,
    Runs: engine_room.runs,
    SharedRun: engine_room.shared_run,
    EngineRoomStatus: engine_room.status,
    HealthReport: engine_room.health,
    Using: engine_room.using,
    Board: board.board,
    WorkQueue: queue.work_queue,
    DeadLetters: queue.letters,
    KeyPage: keys.key_page,
    KeyContent: keys.content,
    RawKey: keys.raw_key,
    DeletedKeys: keys.deleted,
    HardwareProfile: hardware.hardware_profile,
    ProfileWritten: hardware.profile_written,
    ModelView: models.view,
    ModelStatus: models.model,
    ModelAdded: models.added,
    ModelFits: models.fits,
    BenchReport: models.bench,
    Beginning: deployment.beginning,
    MigrationPlan: deployment.plan,
    MigrationReport: deployment.report,
}


def html(value: object) -> Markup:
    """Any value that a verb returns, as HTML."""
    render = HTML.get(type(value))
    return render(value) if render is not None else page(element("div", plain(value)))


def bundle(value: object) -> dict[str, str]:
    """Both forms of a value; there is never any text/markdown, which front ends would render with its images and HTML."""
    return {"text/plain": plain(value), "text/html": str(html(value))}
