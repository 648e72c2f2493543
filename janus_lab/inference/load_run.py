"""Load runs: a model is brought into memory before anybody needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from janus_lab.errors import NotFound
from janus_lab.inference.residency import Residency
from janus_lab.ports.generation import SupportsMeasuring
from janus_lab.runs.context import RunContext
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.work import computing
from janus_lab.values import codec
from janus_lab.values.event import EventKind
from janus_lab.values.lease import RAM
from janus_lab.values.model import ModelRecord, ModelTask
from janus_lab.values.model_run import LoadReport, LoadRequest

_NOTHING = Demand("load", {RAM: 0})


class LoadService:
    """Carries out load runs. The result is a `LoadReport`."""

    def __init__(self, models: Residency) -> None:
        self._models = models

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Load the model, though it was being left alone after failures. Raises NotFound, and what loading raises."""
        request = codec.from_json(LoadRequest, context.run.request)
        record = meant(self._models, request.name, request.task)
        context.check_cancelled()
        self._models.breaker.close(record.name)
        context.emit(EventKind.PROGRESS, what=f"loading {record.name}", done=0, total=1)
        report = loaded(self._models, record, context)
        context.emit(EventKind.PROGRESS, what=f"{record.name} is loaded", done=1, total=1)
        context.pin(models={record.name: codec.to_json(report)})
        return codec.to_json(report)


def meant(models: Residency, name: str, task: ModelTask) -> ModelRecord:
    """The model of that name, or the one in use for the task. Raises NotFound."""
    if name:
        return models.roster.find(name)
    chain = models.roster.chain(task)
    if not chain:
        raise NotFound(f"no model is in use for {task.value}", remedy="`janus models use NAME` chooses one")
    return chain[0]


def loaded(models: Residency, record: ModelRecord, context: RunContext) -> LoadReport:
    """Load a model if it is not loaded, and tell how it is."""
    on_demand = models.on_demand(record)
    already = on_demand.loaded
    with (
        models.breaker.guarding(record.name),
        computing(models.admission, _NOTHING) as work,
        on_demand.using(work) as model,
    ):
        info, state = model.info, on_demand.state()
        measured = model.footprint() if isinstance(model, SupportsMeasuring) else None
    return LoadReport(
        record.name,
        record.uri,
        record.task,
        already,
        round(state.load_seconds, 3),
        info.context_tokens,
        info.dimensions,
        dict(state.covered),
        measured,
        state.placed.plan if state.placed is not None else None,
        tuple(context.concessions) or (state.placed.steps if state.placed is not None else ()),
    )
