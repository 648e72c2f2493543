"""The services that carry out runs, on the stores and models that the settings choose."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from janus_lab.answering.pipeline import AskService
from janus_lab.compose.admitting import demands, open_admission
from janus_lab.compose.catalogs import pull_service
from janus_lab.compose.ingesting import ingest_options
from janus_lab.compose.models import bench_service, open_models
from janus_lab.compose.stores import Shared, opened_once
from janus_lab.inference.chat_run import ChatService
from janus_lab.inference.count_run import CountService
from janus_lab.inference.embed_run import EmbedService
from janus_lab.inference.fit_run import FitService
from janus_lab.inference.index_models import IndexEmbedders
from janus_lab.inference.load_run import LoadService
from janus_lab.ingest.consistency import CheckService
from janus_lab.ingest.pipeline import IngestService
from janus_lab.ingest.rate import ingest_rate
from janus_lab.ingest.reindex import ReindexService
from janus_lab.ingest.removal import RemoveService
from janus_lab.ingest.scanned import awaited
from janus_lab.ingest.stores import IngestStores
from janus_lab.ports.claims import Claims
from janus_lab.ports.documents import SourceIndex
from janus_lab.ports.embedding import EmbeddingCache
from janus_lab.ports.events import EventLog
from janus_lab.ports.index_generations import VectorIndex
from janus_lab.ports.job_queue import JobQueue
from janus_lab.ports.leases import Leases
from janus_lab.ports.measurements import Measurements
from janus_lab.ports.model_registry import ModelRegistry
from janus_lab.ports.objects import ObjectStore
from janus_lab.ports.throttle import Throttle
from janus_lab.retrieval.pipeline import SearchService
from janus_lab.retrieval.search import HybridSearch
from janus_lab.runs.admitted import Admitted
from janus_lab.runs.context import RunService
from janus_lab.runs.executor import Executor
from janus_lab.scheduler.admission import Admission
from janus_lab.schemes import factory
from janus_lab.settings import Settings
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
    vectors: VectorIndex = _open("vectors", settings.url("vectors_url"), resources)
    sources: SourceIndex = _open("sources", relational, resources)
    cache: EmbeddingCache = _open("embedding cache", relational, resources)
    registry: ModelRegistry = _open("model registry", relational, resources)
    measurements: Measurements = _open("measurements", relational, resources)
    models = resources.enter_context(
        open_models(settings, admission, cache=cache, registry=registry, measurements=measurements)
    )
    passing = IndexEmbedders(models.passing_embedder, settings.embedding_model)
    search = HybridSearch(passing, vectors, shared.documents, models.rerankers())
    stores = IngestStores(
        documents=shared.documents,
        sources=sources,
        objects=objects,
        vectors=vectors,
        embedders=IndexEmbedders(models.embedder, settings.embedding_model),
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
            shared.documents,
            speakers=models.speakers(),
            answer_tokens=settings.answer_tokens,
        ),
        RunKind.CHECK: CheckService(shared.ledger, stores),
        RunKind.REINDEX: ReindexService(shared.ledger, stores),
        RunKind.EMBED: EmbedService(models.passing_embedder),
        RunKind.CHAT: ChatService(models.speakers()),
        RunKind.COUNT: CountService(models.speakers(), models.passing_embedder),
        RunKind.PULL: pull_service(settings, registry),
        RunKind.LOAD: LoadService(models),
        RunKind.FIT: FitService(models),
        RunKind.BENCH: bench_service(models, measurements, settings),
    }


def _open(port: str, url: str, resources: ExitStack) -> Any:
    return resources.enter_context(factory(port, url)(url))
