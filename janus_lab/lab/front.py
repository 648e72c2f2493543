"""The front door for Python users: what `%janus` and `janus` do, as methods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from janus_lab.errors import UserError
from janus_lab.ingest.locate import locate
from janus_lab.lab.agent_states import AgentUse
from janus_lab.lab.board import Boards
from janus_lab.lab.diagnosis import Diagnosis
from janus_lab.lab.graph import GraphUse
from janus_lab.lab.hardware import Hardware
from janus_lab.lab.history import RunHistory
from janus_lab.lab.ingesting import Ingesting, OnEvent, OpenBringer
from janus_lab.lab.keys import Keys
from janus_lab.lab.models import ModelUse
from janus_lab.lab.naming import named_documents, one_document
from janus_lab.lab.queues import Queues
from janus_lab.lab.registry import Models
from janus_lab.lab.upkeep import Upkeep
from janus_lab.ports.documents import Census, DocumentStore
from janus_lab.ports.engine_room import EngineRoom
from janus_lab.ports.graph import GraphStore
from janus_lab.ports.ledger import Ledger
from janus_lab.runs.client import RunClient
from janus_lab.runs.handle import RunHandle
from janus_lab.settings import Settings, project_root
from janus_lab.values.answer import Answer, Citation, CitedContext
from janus_lab.values.board import Board
from janus_lab.values.document import Document
from janus_lab.values.filter import Condition
from janus_lab.values.health import EngineRoomStatus, HealthReport
from janus_lab.values.hit import SearchResult
from janus_lab.values.ingest import IngestPlan, IngestReport
from janus_lab.values.request import AskRequest, IngestRequest, RemoveRequest, SearchRequest
from janus_lab.values.run import Priority, RunKind

CONTEXT_CHARACTERS = 240
"""How much text is shown around a cited span, on either side."""


class Lab(ModelUse, RunHistory, GraphUse, AgentUse, Upkeep):
    """One data directory, opened. Use it in a `with` block or call `close()`; the engine room starts on first need.

    It loads no model and opens no store with one owner: whatever needs those is a run, carried out in the engine room.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        ledger: Ledger,
        documents: DocumentStore,
        census: Census,
        room: EngineRoom,
        resources: ExitStack,
        announce: Callable[[str], None],
        diagnosis: Diagnosis,
        boards: Boards,
        hardware: Hardware,
        open_graph: Callable[[], GraphStore],
        models: Callable[[RunClient], Models],
        bringer: OpenBringer | None = None,
    ) -> None:
        self.settings = settings
        self._open_graph = open_graph
        self._ledger = ledger
        self._documents = documents
        self._census = census
        self._room = room
        self._announce = announce
        self._resources = resources
        self._diagnosis = diagnosis
        self.boards = boards
        self.hardware = hardware
        self.queues = Queues(room, ledger, announce)
        self.keys = Keys(room.reached)
        self._client = RunClient(ledger, link=lambda: room.link(announce), reopen=self.cite, distress=room.distress)
        self.models = models(self._client)
        self._ingesting = Ingesting(self._client, ledger, bringer)

    def ingest(
        self,
        *sources: str | Path,
        collection: str | None = None,
        urls: bool = False,
        verify: bool = False,
        on_event: OnEvent | None = None,
    ) -> IngestReport:
        """Ingest files, folders, globs (or URLs, with `urls=True`) and wait for the end.

        `verify` reads files again whose size and time of change are as they were. Interrupting cancels the run; what it had
        finished stays. Raises NotFound for a path that is not there, RunCancelled, RunFailed.
        """
        request = IngestRequest(locate(sources, urls=urls), self._collection(collection), urls, verify)
        return self._ingesting.start(request, on_event).wait(IngestReport, on_event)

    def plan(
        self,
        *sources: str | Path,
        collection: str | None = None,
        urls: bool = False,
        verify: bool = False,
        on_event: OnEvent | None = None,
    ) -> IngestPlan:
        """What `ingest` would do, without doing it."""
        request = IngestRequest(locate(sources, urls=urls), self._collection(collection), urls, verify)
        return self._ingesting.plan(request, on_event)

    def start_ingest(
        self, *sources: str | Path, collection: str | None = None, urls: bool = False, verify: bool = False
    ) -> RunHandle:
        """Start an ingest and return, once files that workers can't see have been brought to them."""
        request = IngestRequest(locate(sources, urls=urls), self._collection(collection), urls, verify)
        return self._ingesting.start(request)

    def documents(
        self, collection: str | None = None, *, where: Sequence[Condition] = (), words: str = "", limit: int = 1000
    ) -> list[Document]:
        """Documents of a collection (None: of all) that meet the conditions and hold the words."""
        return self._documents.find(collection, where=where, words=words, limit=limit)

    def document(self, id_or_origin: str, *, collection: str | None = None) -> Document:
        """One document by id, unique id prefix, origin, path, or key. Raises NotFound."""
        return one_document(self._documents, id_or_origin, collection, project_root(self.settings.home))

    def named(self, *ids_or_origins: str, collection: str | None = None) -> list[Document]:
        """Documents as `document` finds them; an origin or path of a folder or larger file stands for all it holds."""
        return named_documents(self._documents, ids_or_origins, collection, project_root(self.settings.home))

    def remove(self, *ids_or_origins: str, collection: str | None = None) -> int:
        """Remove documents (as `named`) from every store. Returns how many."""
        found = self.named(*ids_or_origins, collection=collection)
        request = RemoveRequest(tuple(document.id for document in found), ids_or_origins)
        if not request.document_ids:
            return 0
        return int(self._client.start(RunKind.REMOVE, request, Priority.INTERACTIVE).wait_json()["documents"])

    def collections(self) -> list[str]:
        """Names of the collections that hold documents."""
        return self._census.collections()

    def ask(
        self,
        question: str,
        *,
        collection: str | None = None,
        limit: int = 8,
        where: Sequence[Condition] = (),
        model: str = "",
        on_event: OnEvent | None = None,
    ) -> Answer:
        """Answer a question from the documents, with citations checked against their exact spans.

        With `model`, only that one may write. Interrupting stops generation and returns the partial answer (outcome CANCELLED).
        """
        return self.start_ask(question, collection=collection, limit=limit, where=where, model=model).answer(on_event)

    def start_ask(
        self,
        question: str,
        *,
        collection: str | None = None,
        limit: int = 8,
        where: Sequence[Condition] = (),
        model: str = "",
    ) -> RunHandle:
        """Ask and return at once; `.answer()` waits."""
        if not question.strip():
            raise UserError("there is no question", remedy='put one, for example: ask "what was measured?"')
        request = AskRequest(question.strip(), self._collection(collection), limit, tuple(where), model)
        return self._client.start(RunKind.ASK, request, Priority.INTERACTIVE)

    def search(
        self,
        query: str,
        *,
        collection: str | None = None,
        limit: int = 10,
        where: Sequence[Condition] = (),
    ) -> SearchResult:
        """The chunks that fit a query best, by meaning and by words."""
        return self.search_many([query], collection=collection, limit=limit, where=where)[0]

    def search_many(
        self,
        queries: Iterable[str],
        *,
        collection: str | None = None,
        limit: int = 10,
        where: Sequence[Condition] = (),
    ) -> list[SearchResult]:
        """Search for many queries in one run; results in the order of the queries."""
        wanted = tuple(queries)
        if not wanted or any(not query.strip() for query in wanted):
            raise UserError("a query is empty", remedy="give words to look for")
        request = SearchRequest(wanted, self._collection(collection), limit, tuple(where))
        return self._client.start(RunKind.SEARCH, request, Priority.INTERACTIVE).search_results()

    def cite(self, citation: Citation) -> CitedContext:
        """A citation with the text around it, read again from the store. Raises NotFound when its document was removed."""
        before = self._documents.text(citation.version_id, max(0, citation.start - CONTEXT_CHARACTERS), citation.start)
        quote = self._documents.text(citation.version_id, citation.start, citation.end)
        after = self._documents.text(citation.version_id, citation.end, citation.end + CONTEXT_CHARACTERS)
        return CitedContext(citation, before, quote, after)

    def up(self) -> EngineRoomStatus:
        """Start the engine room if it is not running."""
        self._room.start(self._announce)
        return self.status()

    def down(self) -> bool:
        """Stop the engine room; open runs go on at its next start. False if nothing ran."""
        return self._room.stop()

    def status(self) -> EngineRoomStatus:
        """How the engine room is and how much the lab holds. Starts nothing."""
        return self._diagnosis.status()

    def board(self, machine: str | None = None) -> Board:
        """A machine (None: this one), its leases, the queues and open runs, at this moment. Starts nothing."""
        return self.boards.now(machine)

    def doctor(self) -> HealthReport:
        """Check everything that the lab stands on, and say what to do where something is wrong. Starts nothing."""
        return self._diagnosis.report()

    def close(self) -> None:
        """Close what this lab opened. The engine room stays for other clients, and stops when it has none for a while."""
        self.boards.close()
        self.queues.close()
        self.keys.close()
        self.models.close()
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _collection(self, name: str | None) -> str:
        return name or self.settings.collection
