"""The models of one process: known by the registry, found by the catalog, laid out for this machine, opened by their scheme."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from janus_lab.compose.admitting import demands
from janus_lab.compose.load_orders import load_order
from janus_lab.inference.catalog import Catalog, name_of
from janus_lab.inference.circuit import Breaker
from janus_lab.inference.estimate import embedding_demand, generation_demand
from janus_lab.inference.layout import Layout, Loadable
from janus_lab.inference.residency import Residency
from janus_lab.inference.roster import Roster
from janus_lab.ports.embedding import EmbeddingCache
from janus_lab.ports.model_registry import ModelRegistry
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.demand import Demand, computing
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import LoadPlan, ModelRecord, ModelTask

Open = Callable[[LoadOrder], AbstractContextManager[Any]]


def open_models(settings: Settings, cache: EmbeddingCache, admission: Admission, registry: ModelRegistry) -> Residency:
    """Every model that is known, each loaded when it is first needed."""
    catalog = Catalog(settings.model_cache)
    return Residency(
        admission,
        roster(settings, registry),
        _Loadables(settings, catalog, demands(settings).threads),
        cache=cache,
        breaker=Breaker(registry),
        fallback=settings.model_fallback,
    )


def roster(settings: Settings, registry: ModelRegistry) -> Roster:
    """Which model a task or a name means."""
    named = {
        ModelTask.GENERATION: settings.generation_model,
        ModelTask.EMBEDDING: settings.embedding_model,
        ModelTask.RERANKING: settings.reranking_model,
    }
    return Roster(registry, named, name_of)


@dataclass(frozen=True, slots=True)
class _Loadables:
    """How models are laid out and opened here."""

    settings: Settings
    catalog: Catalog
    threads: int

    def __call__(self, record: ModelRecord) -> Loadable[Any]:
        idle = record.options.idle_seconds
        return Loadable(
            record,
            lambda: self._layouts(record),
            computing(record.task.value, ram_mb=0, threads=0 if record.served else self.threads),
            self.settings.model_idle_seconds if idle is None else idle,
        )

    def _layouts(self, record: ModelRecord) -> Sequence[Layout[Any]]:
        order = load_order(self.settings, self.catalog, record, threads=self.threads)
        open_one = _opener(record)
        return [Layout(lambda: open_one(order), self._demand(record, order.plan))]

    def _demand(self, record: ModelRecord, plan: LoadPlan) -> Demand:
        entry = self.catalog.find(record.uri)
        if record.task is ModelTask.GENERATION:
            return generation_demand(record.name, entry.path, plan.context_tokens)
        return embedding_demand(record.name, entry.path)


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
