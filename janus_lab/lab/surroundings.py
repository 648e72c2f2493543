"""What a lab stands on beside its own stores: Python, folders, settings, servers, models. Needs nothing opened."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from janus_lab.errors import JanusError, StoreUnreachable
from janus_lab.lab.deployment import deployment_checks
from janus_lab.lab.machine_checks import machine_checks
from janus_lab.settings import Settings, unknown_variables
from janus_lab.values.health import Check, HealthReport, Verdict
from janus_lab.values.machine import Sample
from janus_lab.values.model import ModelRecord, ModelTask

LOW_DISK_BYTES = 2 * 1024**3
FULL_DISK_BYTES = 100 * 1024**2


Serving = Mapping[ModelTask, Sequence[ModelRecord]]
"""For each task the models that serve it, first the one in use."""


class FindModel(Protocol):
    """Says where a model is, or raises what is missing."""

    def __call__(self, record: ModelRecord) -> str:
        """The path of the model's file, or its server's address."""
        ...


class Surroundings:
    """Looks at everything that can be looked at without a store; `check_servers` asks the profile's servers."""

    def __init__(
        self,
        settings: Settings,
        *,
        check_servers: Callable[[], list[Check]],
        find_model: FindModel,
        measure: Callable[[], Sample],
    ) -> None:
        self._settings = settings
        self._check_servers = check_servers
        self._find_model = find_model
        self._measure = measure

    def ground(self) -> list[Check]:
        """What stores stand on, in the order in which things depend on one another."""
        return self._ground(self._check_servers())

    def models(self, serving: Serving | None = None) -> list[Check]:
        """Whether the models are there: those that serve, or where that is not known those that the settings name."""
        named = serving if serving is not None else self._set()
        return [check for task, records in named.items() for check in self._chain(task, records)]

    def _set(self) -> Serving:
        uris = {
            ModelTask.EMBEDDING: self._settings.embedding_model,
            ModelTask.GENERATION: self._settings.generation_model,
            ModelTask.RERANKING: self._settings.reranking_model,
        }
        return {task: [ModelRecord("", task, uri)] if uri else [] for task, uri in uris.items()}

    def report_without_stores(self, error: JanusError) -> HealthReport:
        """The report on a lab that can't be opened, because of `error`."""
        servers = self._check_servers()
        ground = self._ground(servers)
        # A server that is known to be down is reason enough.
        told = isinstance(error, StoreUnreachable) and any(check.verdict is Verdict.FAILED for check in servers)
        stores = [] if told else [Check("documents", Verdict.FAILED, error.message, error.remedy)]
        return HealthReport((*ground, *stores, *self.models()))

    def _ground(self, servers: list[Check]) -> list[Check]:
        checks = [self._python(), self._home(), *self._environment(), self._disk(), *machine_checks(self._measure)]
        return [*checks, *deployment_checks(self._settings, servers), *servers]

    def _python(self) -> Check:
        version = importlib.metadata.version("janus-lab")
        return Check("janus", Verdict.OK, f"janus-lab {version} on Python {sys.version.split()[0]}")

    def _home(self) -> Check:
        home = self._settings.home
        if os.access(home, os.W_OK | os.X_OK):
            return Check("data directory", Verdict.OK, str(home))
        remedy = f"give yourself write permission on {home}, or choose another with JANUS_HOME"
        return Check("data directory", Verdict.FAILED, f"{home} can't be written", remedy)

    def _environment(self) -> Iterator[Check]:
        for name, meant in unknown_variables().items():
            remedy = f"did you mean {meant}? If not, unset {name}" if meant else f"unset {name}"
            yield Check("environment", Verdict.WARNING, f"{name} is set, and there is no such setting", remedy)

    def _disk(self) -> Check:
        home = self._settings.home
        place = next(folder for folder in (home, *home.parents) if folder.is_dir())
        free = shutil.disk_usage(place).free
        detail = f"{free / 1024**3:.1f} GiB free"
        if free < FULL_DISK_BYTES:
            return Check("disk", Verdict.FAILED, detail, "free some space: stores refuse to write soon")
        if free < LOW_DISK_BYTES:
            return Check("disk", Verdict.WARNING, detail, "free some space before a large ingest")
        return Check("disk", Verdict.OK, detail)

    def _chain(self, task: ModelTask, records: Sequence[ModelRecord]) -> Iterator[Check]:
        """The model in use must be there; those that would take its place should be."""
        name = f"{task.value} model"
        if not records and task is ModelTask.GENERATION:
            yield Check(name, Verdict.OK, "none: answers are quotes from the documents")
        for rank, record in enumerate(records):
            called = f"{record.name}: " if record.name and len(records) > 1 else ""
            try:
                place = self._find_model(record)
            except JanusError as error:
                yield Check(name, Verdict.WARNING if rank else Verdict.FAILED, f"{called}{error.message}", error.remedy)
            else:
                found = place if "://" in place else Path(place).name
                yield Check(name, Verdict.OK, f"{called}{found}{' (in place of the first)' if rank else ''}")
