"""How the lab is: `janus status` and `janus doctor`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from janus_lab.errors import JanusError
from janus_lab.lab.machine_checks import sampler_checks
from janus_lab.lab.surroundings import Serving, Surroundings
from janus_lab.ports.documents import Census
from janus_lab.ports.engine_room import EngineRoom
from janus_lab.ports.ledger import Ledger
from janus_lab.settings import Settings
from janus_lab.values.counted import count
from janus_lab.values.health import Check, EngineRoomStatus, HealthReport, Verdict
from janus_lab.values.index_generation import IndexGeneration
from janus_lab.values.run import ACTIVE, OPEN, RunState


class Diagnosis:
    """Looks at everything the lab stands on, and starts nothing."""

    def __init__(
        self,
        settings: Settings,
        *,
        ledger: Ledger,
        census: Census,
        room: EngineRoom,
        surroundings: Surroundings,
        serving: Callable[[], Serving],
        indexes: Callable[[], Sequence[IndexGeneration]],
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._census = census
        self._room = room
        self._surroundings = surroundings
        self._serving = serving
        self._indexes = indexes

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
            open_runs=len(self._ledger.find(states=OPEN, limit=1000, brief=True)),
            documents=documents,
            chunks=chunks,
            serving=self._chains(),
            indexes=self._indexed(),
            workers=room.workers,
            failure=room.failure,
        )

    def report(self) -> HealthReport:
        """Every check, in the order in which things depend on one another."""
        ground = self._surroundings.ground()
        stores, models = self._relational(), self._models()
        try:
            work = [*self._room.checks(), *sampler_checks(self._room, self._settings.machine_name), *self._runs()]
        except JanusError as error:
            work = [Check("runs", Verdict.FAILED, error.message, error.remedy)]
        return HealthReport((*ground, stores, *models, *work))

    def _chains(self) -> dict[str, tuple[str, ...]]:
        return {task.value: tuple(record.name for record in records) for task, records in self._serving().items()}

    def _indexed(self) -> dict[str, str]:
        """The model that each collection is searched by; nothing where the index can't be asked, which `doctor` tells."""
        try:
            return {one.collection: one.model.name if one.model is not None else "" for one in self._indexes()}
        except JanusError:
            return {}

    def _models(self) -> list[Check]:
        try:
            serving = self._serving()
        except JanusError:
            # Why it can't be asked is told of the documents, which are in the same store.
            serving = None
        return self._surroundings.models(serving)

    def _relational(self) -> Check:
        try:
            documents, chunks = self._census.totals()
        except JanusError as error:
            return Check("documents", Verdict.FAILED, error.message, error.remedy)
        return Check("documents", Verdict.OK, f"{count(documents, 'document')}, {count(chunks, 'chunk')}")

    def _runs(self) -> Iterator[Check]:
        failed = self._ledger.find(states=(RunState.FAILED,), limit=5, brief=True)
        stuck = self._ledger.find(states=ACTIVE, limit=1000, brief=True)
        if stuck and not self._room.state().running:
            detail = f"{len(stuck)} open, and no engine room works on them"
            yield Check("runs", Verdict.WARNING, detail, "`janus up` goes on with them")
        elif failed:
            newest = failed[0]
            remedy = f"see `janus runs show {newest.id[:12]}`, then `janus runs retry {newest.id[:12]}`"
            yield Check("runs", Verdict.WARNING, f"the last that failed is {newest.id[:12]} ({newest.kind})", remedy)
        else:
            paused = len(self._ledger.find(states=(RunState.PAUSED,), limit=1000, brief=True))
            yield Check("runs", Verdict.OK, f"{len(stuck) + paused} open" + (f", {paused} paused" if paused else ""))
