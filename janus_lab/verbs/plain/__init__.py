"""Values as plain text: pure functions, safe to print; both faces use them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from janus_lab.values.answer import Answer, CitedContext
from janus_lab.values.beginning import Beginning
from janus_lab.values.board import Board
from janus_lab.values.chat import ChatReply
from janus_lab.values.document import Document
from janus_lab.values.hardware import HardwareProfile, ProfileWritten
from janus_lab.values.health import EngineRoomStatus, HealthReport
from janus_lab.values.hit import SearchResult
from janus_lab.values.index_generation import ReindexReport
from janus_lab.values.ingest import IngestPlan, IngestReport
from janus_lab.values.migration import MigrationPlan, MigrationReport
from janus_lab.values.model_run import BenchReport, LoadReport, PullReport
from janus_lab.values.model_status import ModelStatus, ModelView, Unloaded
from janus_lab.values.run import Run
from janus_lab.values.stored_key import KeyContent, KeyPage
from janus_lab.values.work_queue import WorkQueue
from janus_lab.verbs.ask import AnsweredQuestions
from janus_lab.verbs.docs import Removal
from janus_lab.verbs.listings import (
    DeadLetters,
    DeletedKeys,
    Documents,
    ModelAdded,
    ModelChain,
    ModelFits,
    ModelForgotten,
    Pruned,
    RawKey,
    Rows,
    Runs,
    SearchResults,
    SharedRun,
)
from janus_lab.verbs.plain import (
    answer,
    board,
    deployment,
    documents,
    engine_room,
    graph,
    hardware,
    keys,
    model_facts,
    model_reports,
    model_speed,
    models,
    queue,
)
from janus_lab.verbs.plain.printable import printable
from janus_lab.verbs.search import Ranking
from janus_lab.verbs.session import Using

PLAIN: dict[type, Callable[[Any], str]] = {
    Answer: answer.answer,
    CitedContext: answer.cited_context,
    ChatReply: answer.chat_reply,
    SearchResult: answer.search_result,
    Rows: graph.rows,
    SearchResults: answer.search_results,
    Ranking: answer.ranking,
    AnsweredQuestions: answer.answered_questions,
    Document: documents.document,
    Documents: documents.documents,
    IngestReport: documents.report,
    IngestPlan: documents.plan,
    Removal: documents.removal,
    ReindexReport: documents.reindexed,
    Run: engine_room.run,
    Runs: engine_room.runs,
    SharedRun: engine_room.shared_run,
    Pruned: engine_room.pruned,
    EngineRoomStatus: engine_room.status,
    HealthReport: engine_room.health,
    Using: engine_room.using,
    Board: board.board,
    WorkQueue: queue.work_queue,
    DeadLetters: queue.letters,
    KeyPage: keys.page,
    KeyContent: keys.content,
    RawKey: keys.raw_key,
    DeletedKeys: keys.deleted,
    HardwareProfile: hardware.hardware_profile,
    ProfileWritten: hardware.profile_written,
    ModelView: models.view,
    ModelStatus: model_facts.model,
    ModelAdded: model_facts.added,
    ModelFits: model_facts.fits,
    ModelChain: model_reports.chain,
    ModelForgotten: model_reports.forgotten,
    LoadReport: model_reports.loaded,
    Unloaded: model_reports.unloaded,
    PullReport: model_reports.pulled,
    BenchReport: model_speed.bench,
    Beginning: deployment.beginning,
    MigrationPlan: deployment.plan,
    MigrationReport: deployment.report,
}


def plain(value: object) -> str:
    """Any value that a verb returns, as text that may be printed to a terminal, whoever wrote the words in it."""
    render = PLAIN.get(type(value), str)
    return printable(render(value))
