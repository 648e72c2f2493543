"""The services that carry out runs, on the stores and models that the settings choose."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from janus_lab.answering.pipeline import AskService
from janus_lab.compose.admitting import demands, open_admission
from janus_lab.compose.ingesting import ingest_options
from janus_lab.compose.load_orders import load_order
from janus_lab.compose.stores import Shared, opened_once
from janus_lab.inference.catalog import Catalog
from janus_lab.inference.chat_run import ChatService
from janus_lab.inference.embed_run import EmbedService
from janus_lab.inference.estimate import embedding_demand, generation_demand
from janus_lab.inference.residency import ModelChoice, Residency
from janus_lab.ingest.consistency import CheckService
from janus_lab.ingest.pipeline import IngestService
from janus_lab.ingest.rate import ingest_rate
from janus_lab.ingest.removal import RemoveService
from janus_lab.ingest.scanned import awaited
from janus_lab.ingest.stores import IngestStores
from janus_lab.ports.claims import Claims
from janus_lab.ports.documents import SourceIndex
from janus_lab.ports.embedding import EmbeddingBackend, EmbeddingCache
from janus_lab.ports.events import EventLog
from janus_lab.ports.generation import GenerationBackend
from janus_lab.ports.job_queue import JobQueue
from janus_lab.ports.leases import Leases
from janus_lab.ports.objects import ObjectStore
from janus_lab.ports.throttle import Throttle
from janus_lab.ports.vectors import VectorStore
from janus_lab.retrieval.pipeline import SearchService
from janus_lab.retrieval.search import HybridSearch
from janus_lab.runs.admitted import Admitted
from janus_lab.runs.context import RunService
from janus_lab.runs.executor import Executor
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.demand import computing
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.values.model import ModelRecord, ModelTask
from janus_lab.values.run import RunKind

Worker = Executor


def build_worker(
    settings: Settings,
    shared: Shared,
    *,
    events: EventLog,
    claims: Claims,
    queue: Callable[[], JobQueue],
    throttle: Throttle,
    leases: Leases,
    resources: ExitStack,
) -> Worker:
    """Open what only one process may own, and return what carries out runs on it. `resources` closes it all."""
    holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    admission = open_admission(settings, leases, resources)
    services = open_services(settings, shared, throttle, admission, resources)
    needed = demands(settings)
    admitted = {kind: Admitted(service, admission, needed) for kind, service in services.items()}
    return Executor(holder=holder, ledger=shared.ledger, events=events, claims=claims, queue=queue, services=admitted)


def open_services(
    settings: Settings, shared: Shared, throttle: Throttle, admission: Admission, resources: ExitStack
) -> Mapping[RunKind, RunService]:
    """One service a kind of run."""
    relational = settings.url("relational_url")
    objects: ObjectStore = _open("objects", settings.url("objects_url"), resources)
    vectors: VectorStore = _open("vectors", settings.url("vectors_url"), resources)
    sources: SourceIndex = _open("sources", relational, resources)
    cache: EmbeddingCache = _open("embedding cache", relational, resources)
    models = resources.enter_context(open_models(settings, cache, admission))
    search = HybridSearch(models.passing_embedder(), vectors, shared.documents)
    stores = IngestStores(
        documents=shared.documents,
        sources=sources,
        objects=objects,
        vectors=vectors,
        embedder=models.embedder,
        exclusion=_open("exclusion", relational, resources),
        awaited=lambda own: awaited(shared.ledger, own),
        graph=opened_once("graph", settings.url("graph_url"), resources),
    )
    return {
        RunKind.INGEST: IngestService(
            stores, ingest_options(settings, throttle), rate=lambda: ingest_rate(shared.ledger)
        ),
        RunKind.REMOVE: RemoveService(stores),
        RunKind.SEARCH: SearchService(search),
        RunKind.ASK: AskService(
            search,
            models.passing_embedder(),
            shared.documents,
            model=models.generator() if settings.generation_model else None,
            answer_tokens=settings.answer_tokens,
        ),
        RunKind.CHECK: CheckService(shared.ledger, stores),
        RunKind.EMBED: EmbedService(models.passing_embedder()),
        RunKind.CHAT: ChatService(models.generator() if settings.generation_model else None),
    }


def open_models(settings: Settings, cache: EmbeddingCache, admission: Admission) -> Residency:
    """The settings' models, each loaded when it is first needed."""
    catalog = Catalog(settings.model_cache)
    threads = demands(settings).threads

    def open_embedding() -> AbstractContextManager[EmbeddingBackend]:
        uri = settings.embedding_model
        record = ModelRecord("embedding", ModelTask.EMBEDDING, uri)
        opened: AbstractContextManager[EmbeddingBackend] = factory("embedding", uri)(
            load_order(settings, catalog, record, threads=threads)
        )
        return opened

    def open_generation() -> AbstractContextManager[GenerationBackend]:
        uri = settings.generation_model
        entry = catalog.find(uri)
        opened: AbstractContextManager[GenerationBackend] = factory("generation", uri)(
            entry.path,
            entry.info,
            cache=settings.model_cache,
            context_tokens=settings.context_tokens,
            threads=threads,
            batch_tokens=settings.prompt_batch_tokens,
        )
        return opened

    return Residency(
        admission,
        embedding=ModelChoice(
            open_embedding,
            lambda: embedding_demand(*_named(catalog, settings.embedding_model)),
            computing("embedding", ram_mb=0, threads=threads),
        ),
        generation=ModelChoice(
            open_generation,
            lambda: generation_demand(*_named(catalog, settings.generation_model), settings.context_tokens),
            computing("generation", ram_mb=0, threads=threads),
        ),
        cache=cache,
    )


def _named(catalog: Catalog, uri: str) -> tuple[str, Path]:
    entry = catalog.find(uri)
    return entry.info.name, entry.path


def _open(port: str, url: str, resources: ExitStack) -> Any:
    return resources.enter_context(factory(port, url)(url))
