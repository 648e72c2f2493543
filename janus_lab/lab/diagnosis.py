"""How the lab is: `janus status` and `janus doctor`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from janus_lab.errors import JanusError
from janus_lab.ports.documents import Census
from janus_lab.ports.engine_room import EngineRoom
from janus_lab.ports.ledger import Ledger
from janus_lab.settings import Settings, unknown_variables
from janus_lab.values.health import Check, EngineRoomStatus, HealthReport, Verdict
from janus_lab.values.run import RunState

LOW_DISK_BYTES = 2 * 1024**3
FULL_DISK_BYTES = 100 * 1024**2
OPEN_STATES = (RunState.QUEUED, RunState.RUNNING)


class FindModel(Protocol):
    """Says where a model's file is, or raises what is missing."""

    def __call__(self, uri: str) -> str:
        """The path of the model named by `uri`."""
        ...


class Diagnosis:
    """Looks at everything the lab stands on, and starts nothing."""

    def __init__(
        self, settings: Settings, *, ledger: Ledger, census: Census, room: EngineRoom, find_model: FindModel
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._census = census
        self._room = room
        self._find_model = find_model

    def status(self) -> EngineRoomStatus:
        """Processes, sizes, open work."""
        room = self._room.state()
        documents, chunks = self._census.totals()
        return EngineRoomStatus(
            running=room.running,
            home=str(self._settings.home),
            profile=self._settings.profile,
            supervisor_pid=room.supervisor_pid,
            server_pid=room.server_pid,
            worker_pid=room.worker_pid,
            worker_ready=room.worker_ready,
            server_version=room.server_version,
            started_at=room.started_at,
            clients=room.clients,
            open_runs=len(self._ledger.find(states=OPEN_STATES, limit=1000)),
            documents=documents,
            chunks=chunks,
            embedding_model=self._settings.embedding_model,
            generation_model=self._settings.generation_model,
        )

    def report(self) -> HealthReport:
        """Every check, in the order in which things depend on one another."""
        checks = [self._python(), self._home(), *self._environment(), self._disk(), self._relational()]
        checks += [self._model("embedding model", self._settings.embedding_model)]
        checks += [self._generation()]
        checks += [*self._room.checks(), *self._runs()]
        return HealthReport(tuple(checks))

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
        free = shutil.disk_usage(self._settings.home).free
        detail = f"{free / 1024**3:.1f} GiB free"
        if free < FULL_DISK_BYTES:
            return Check("disk", Verdict.FAILED, detail, "free some space: stores refuse to write soon")
        if free < LOW_DISK_BYTES:
            return Check("disk", Verdict.WARNING, detail, "free some space before a large ingest")
        return Check("disk", Verdict.OK, detail)

    def _relational(self) -> Check:
        try:
            documents, chunks = self._census.totals()
        except JanusError as error:
            return Check("documents", Verdict.FAILED, error.message, error.remedy)
        return Check("documents", Verdict.OK, f"{documents} documents, {chunks} chunks")

    def _generation(self) -> Check:
        if self._settings.generation_model:
            return self._model("generation model", self._settings.generation_model)
        return Check("generation model", Verdict.OK, "none: answers are quotes from the documents")

    def _model(self, name: str, uri: str) -> Check:
        try:
            path = self._find_model(uri)
        except JanusError as error:
            return Check(name, Verdict.FAILED, error.message, error.remedy)
        return Check(name, Verdict.OK, Path(path).name)

    def _runs(self) -> Iterator[Check]:
        failed = self._ledger.find(states=(RunState.FAILED,), limit=5)
        stuck = self._ledger.find(states=OPEN_STATES, limit=1000)
        if stuck and not self._room.state().running:
            detail = f"{len(stuck)} open, and no engine room works on them"
            yield Check("runs", Verdict.WARNING, detail, "`janus up` goes on with them")
        elif failed:
            newest = failed[0]
            remedy = f"see `janus runs show {newest.id[:12]}`, then `janus runs retry {newest.id[:12]}`"
            yield Check("runs", Verdict.WARNING, f"the last that failed is {newest.id[:12]} ({newest.kind})", remedy)
        else:
            yield Check("runs", Verdict.OK, f"{len(stuck)} open")
