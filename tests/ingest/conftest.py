"""Ingests on the real embedded stores; embeddings are made by counting letters, which is enough to tell chunks apart."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from janus_lab.inference.embedding import Embedder
from janus_lab.inference.index_models import IndexEmbedders
from janus_lab.ingest.chunker import ChunkSize
from janus_lab.ingest.cleaner import clean
from janus_lab.ingest.fetch import Fetched, fetch
from janus_lab.ingest.pipeline import IngestOptions, IngestService
from janus_lab.ingest.reading import OpenSource, parse
from janus_lab.ingest.removal import RemoveService
from janus_lab.ingest.source_file import Limits
from janus_lab.ingest.sources import Found
from janus_lab.ingest.stores import IngestStores
from janus_lab.ports.embedding import EmbeddingCache
from janus_lab.ports.events import EventLog
from janus_lab.ports.ledger import Ledger
from janus_lab.runs.context import RunContext
from janus_lab.schemes import factory
from janus_lab.values.codec import from_json, to_json
from janus_lab.values.document import ParsedDocument
from janus_lab.values.event import Event
from janus_lab.values.generation import ModelInfo
from janus_lab.values.ids import new_run_id
from janus_lab.values.ingest import IngestReport
from janus_lab.values.request import IngestRequest, RemoveRequest
from janus_lab.values.run import Priority, Run, RunKind, RunState

DIMENSIONS = 32
WIDE = ModelInfo("test://wide", "wide", "1" * 64, "none", dimensions=DIMENSIONS + 16)
"""Another model, which is not in use."""


@dataclass
class LetterCounts:
    """An embedding backend that needs no model: how often each letter occurs, scaled to unit length."""

    info: ModelInfo = field(
        default_factory=lambda: ModelInfo("test://letters", "letters", "0" * 64, "none", dimensions=DIMENSIONS)
    )
    embedded: list[str] = field(default_factory=list)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.embedded.extend(texts)
        vectors = np.ones((len(texts), self.info.dimensions), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            np.add.at(row, [ord(character) % self.info.dimensions for character in text], 1)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


def at_once(url: str, limit_bytes: int) -> Fetched:
    """A URL fetched without waiting for a turn."""
    return fetch(url, limit_bytes, turn=lambda _host: None)


@dataclass
class IngestRoom:
    """The stores, the ledger and the services over a data directory."""

    home: Path
    stores: IngestStores
    ledger: Ledger
    events: EventLog
    backend: LetterCounts
    size: ChunkSize = field(default_factory=lambda: ChunkSize(300, 40))
    options: dict[str, Any] = field(default_factory=dict)

    def service(self) -> IngestService:
        options = {"fetch": at_once, **self.options}
        return IngestService(
            self.stores, IngestOptions(home=self.home, root=self.home.parent, size=self.size, **options)
        )

    def new_run(self, kind: RunKind, request: object) -> Run:
        run = Run(new_run_id(), kind, RunState.QUEUED, Priority.BATCH, to_json(request), time.time())
        self.ledger.create(run)
        self.ledger.start(run.id, 1, time.time())
        return run

    def context(self, run: Run, cancelled: Callable[[], bool] = lambda: False) -> RunContext:
        return RunContext(run, ledger=self.ledger, events=self.events, cancelled=cancelled, fence=1)

    def ingest(self, *sources: str | Path, **options: Any) -> IngestReport:
        request = IngestRequest(tuple(map(str, sources)), "default", **options)
        result = self.service().execute(self.context(self.new_run(RunKind.INGEST, request)))
        return from_json(IngestReport, result)

    def remove(self, *document_ids: str, cancelled: Callable[[], bool] = lambda: False) -> dict[str, Any]:
        run = self.new_run(RunKind.REMOVE, RemoveRequest(document_ids))
        return dict(RemoveService(self.stores).execute(self.context(run, cancelled)))

    def told(self, run_id: str) -> list[Event]:
        return self.events.read(run_id)

    def state(self) -> dict[str, Any]:
        """Everything in the stores that should be the same however it got there."""
        documents = {d.id: replace(d, ingested_at=0.0) for d in self.stores.documents.iterate()}
        chunk_ids = self.stores.documents.chunk_ids(list(documents))
        return {
            "documents": documents,
            "chunks": chunk_ids,
            "texts": {d.id: self.stores.documents.text(d.version_id, 0, d.characters) for d in documents.values()},
            "vectors": self.stores.vectors.ids("default"),
            "objects": set(self.stores.objects.keys()),
            "indexes": self.stores.vectors.generations("default"),
            "words": sorted(d.id for d in self.stores.documents.find("default", words="alpha")),
        }

    def check(self) -> dict[str, Any]:
        """The state, after making sure that the stores agree with one another."""
        state = self.state()
        assert {chunk for ids in state["chunks"].values() for chunk in ids} == state["vectors"]
        assert {d.content_hash for d in state["documents"].values()} == state["objects"]
        for document in state["documents"].values():
            text = state["texts"][document.id]
            for chunk in self.stores.documents.chunks(state["chunks"][document.id]):
                assert chunk.text == text[chunk.start : chunk.end]
        return state


def open_room(stack: ExitStack, home: Path, vectors_url: str = "") -> IngestRoom:
    """A room over the data directory `home`, closed with the stack; its vectors are in there unless a server's URL is given."""
    home.mkdir(exist_ok=True, parents=True)
    database = f"sqlite:///{home}/janus.db"

    def opened(port: str, url: str) -> Any:
        return stack.enter_context(factory(port, url)(url))

    backend, wide = LetterCounts(), LetterCounts(WIDE)
    cache: EmbeddingCache = opened("embedding cache", database)
    stores = IngestStores(
        documents=opened("documents", database),
        sources=opened("sources", database),
        objects=opened("objects", f"file://{home}/objects"),
        vectors=opened("vectors", vectors_url or f"edge://{home}/vectors"),
        embedders=IndexEmbedders(lambda name="": Embedder(wide if name == WIDE.name else backend, cache)),
        exclusion=opened("exclusion", database),
    )
    return IngestRoom(home, stores, opened("ledger", database), opened("events", "memory://"), backend)


@pytest.fixture
def vectors_url(request: pytest.FixtureRequest) -> str:
    """Where the vectors of a test's room are: in its data directory, or with the parameter "qdrant" on a server."""
    if getattr(request, "param", "edge") == "edge":
        return ""
    return str(request.getfixturevalue("qdrant_url"))


@pytest.fixture
def room(tmp_path: Path, vectors_url: str) -> Iterator[IngestRoom]:
    with ExitStack() as stack:
        yield open_room(stack, tmp_path / "project" / ".janus", vectors_url)


@pytest.fixture
def files(room: IngestRoom) -> Path:
    """A folder in the project, for the files of a test."""
    folder = room.home.parent / "files"
    folder.mkdir()
    return folder


class ReadFile:
    """Writes bytes to a file and reads it as an ingest would; `warnings` are those of the last file read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warnings: list[str] = []
        self.reader = ""

    def __call__(self, name: str, data: bytes | str, **limits: Any) -> list[ParsedDocument]:
        path = self.folder / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        with OpenSource(Found(name, path, path.stat().st_size), Limits(**limits), at_once) as opened:
            reader, file, documents = parse(opened)
            self.reader = reader.name
            found = list(documents)
        self.warnings = file.warnings
        for document in found:
            consistent(document)
        return found

    def one(self, name: str, data: bytes | str, **limits: Any) -> ParsedDocument:
        (document,) = self(name, data, **limits)
        return document


def consistent(document: ParsedDocument) -> None:
    """The laws every reader keeps: cleaned text, and structure that lies within it."""
    text = document.text
    assert clean(text) == text
    assert document.title == " ".join(document.title.split()) != ""
    for page, following in itertools.pairwise(document.pages):
        assert page.end == following.start
    for box in document.boxes:
        assert text[box.start : box.end].strip()
        assert document.pages[box.page - 1].start <= box.start < box.end <= document.pages[box.page - 1].end
        assert box.left < box.right
        assert box.top < box.bottom
    for section in document.sections:
        assert 0 <= section.start <= section.end <= len(text)


@pytest.fixture
def read(tmp_path: Path) -> ReadFile:
    return ReadFile(tmp_path)
