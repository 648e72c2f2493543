"""The models of one process: known by the registry, found by the catalog, laid out for this machine, opened by their scheme."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from janus_lab.compose.accelerators import accelerators
from janus_lab.compose.admitting import demands
from janus_lab.compose.catalogs import open_catalog
from janus_lab.compose.model_layouts import Layouts
from janus_lab.compose.own_memory import own_accelerator_use
from janus_lab.inference.bench_run import BenchService
from janus_lab.inference.catalog import name_of
from janus_lab.inference.circuit import Breaker
from janus_lab.inference.layout import Loadable
from janus_lab.inference.remembering import Remembering, address_hash, unnoted
from janus_lab.inference.residency import Residency
from janus_lab.inference.roster import Roster
from janus_lab.ports.embedding import EmbeddingCache
from janus_lab.ports.measurements import Measurements
from janus_lab.ports.model_registry import ModelRegistry
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.demand import computing
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import Footprint, LoadPlan, Measurement, ModelRecord, ModelTask, Origin
from janus_lab.values.model_run import BenchReport, LoadReport

Open = Callable[[LoadOrder], AbstractContextManager[Any]]


def open_models(
    settings: Settings,
    admission: Admission,
    *,
    cache: EmbeddingCache,
    registry: ModelRegistry,
    measurements: Measurements,
) -> Residency:
    """Every model that is known, each loaded when it is first needed."""
    threads = demands(settings).threads
    residencies: list[Residency] = []

    def idle() -> Mapping[str, int]:
        return residencies[0].idle_weights()

    layouts = Layouts(
        settings,
        open_catalog(settings),
        admission,
        Remembering(measurements, settings.machine_name),
        threads,
        accelerators(settings, admission),
        idle,
        lambda: own_accelerator_use(settings),
    )

    def loadable(record: ModelRecord) -> Loadable[Any]:
        rests = record.options.idle_seconds
        return Loadable(
            record,
            lambda: layouts.of(record, _opener(record)),
            computing(record.task.value, ram_mb=0, threads=0 if record.served else threads),
            settings.model_idle_seconds if rests is None else rests,
        )

    models = Residency(
        admission,
        roster(settings, registry),
        loadable,
        cache=cache,
        breaker=Breaker(registry),
        fallback=settings.model_fallback,
    )
    residencies.append(models)
    return models


def bench_service(models: Residency, measurements: Measurements, settings: Settings) -> BenchService:
    """What measures models, and remembers how fast they were."""
    catalog = open_catalog(settings)

    def remember(record: ModelRecord, how: LoadReport, report: BenchReport) -> None:
        speeds = report.prompt_speed, report.generation_speed
        if how.plan is None or how.measured is None:
            # A server's model, or one whose memory its engine does not tell.
            kept, plan, footprint = address_hash(record), LoadPlan(), Footprint({}, {}, {}, Origin.MEASURED)
        else:
            kept, plan, footprint = catalog.files(record.uri).content_hash, unnoted(how.plan), how.measured
        measurements.remember(
            Measurement(kept, settings.machine_name, plan, footprint, time.time(), 0.0, *speeds, loads=0)
        )

    return BenchService(models, remember)


def roster(settings: Settings, registry: ModelRegistry) -> Roster:
    """Which model a task or a name means."""
    named = {
        ModelTask.GENERATION: settings.generation_model,
        ModelTask.EMBEDDING: settings.embedding_model,
        ModelTask.RERANKING: settings.reranking_model,
    }
    return Roster(registry, named, name_of)


def _opener(record: ModelRecord) -> Open:
    found: Open
    match record.task:
        case ModelTask.GENERATION:
            found = factory("generation", record.uri)
        case ModelTask.EMBEDDING:
            found = factory("embedding", record.uri)
        case ModelTask.RERANKING:
            found = factory("reranking", record.uri)
    return found
