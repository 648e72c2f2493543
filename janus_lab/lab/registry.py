"""The models that a lab knows: listed with what is known of them, made known, chosen, fitted, loaded, unloaded, measured."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace

from janus_lab.errors import NotFound, UserError
from janus_lab.inference.roster import Roster
from janus_lab.lab.board_feed import Feed
from janus_lab.lab.index_use import require_unneeded
from janus_lab.lab.ingesting import OnEvent
from janus_lab.lab.memories import memories
from janus_lab.lab.model_statuses import ModelStatuses
from janus_lab.lab.outlook import Outlook
from janus_lab.lab.residents import PURPOSE
from janus_lab.ports.engine_room import Link
from janus_lab.ports.measurements import Measurements
from janus_lab.ports.model_registry import ModelRegistry
from janus_lab.runs.client import RunClient
from janus_lab.scheduler.recall import recall
from janus_lab.values.model import ModelOptions, ModelRecord, ModelTask
from janus_lab.values.model_run import BenchReport, BenchRequest, LoadReport, LoadRequest, ModelPull, PullReport
from janus_lab.values.model_status import Fit, ModelStatus, ModelView, Unloaded
from janus_lab.values.run import Priority, RunKind

UNLOAD_SECONDS = 20.0
"""So long `unload` waits for processes that hold the model; one that is in use goes when its request is over."""
_NAME = re.compile(r"[^\s/\\'\"<>|&;$`]{1,120}")


class Models:
    """Models by name; `feed` reads them for displays that are live. What changes the registry counts at once, for every worker; loading and measuring are runs."""

    def __init__(
        self,
        *,
        client: RunClient,
        registry: ModelRegistry,
        measurements: Measurements,
        roster: Roster,
        outlook: Outlook,
        reached: Callable[[], Link | None],
        machine: str,
    ) -> None:
        self._client = client
        self._registry = registry
        self._roster = roster
        self._outlook = outlook
        self._reached = reached
        self._machine = machine
        self._statuses = ModelStatuses(
            registry=registry,
            measurements=measurements,
            roster=roster,
            outlook=outlook,
            reached=reached,
            machine=machine,
        )
        self.feed: Feed[ModelView] = Feed(lambda _key: self.view())

    def close(self) -> None:
        """End live displays' feed."""
        self.feed.close()

    def names(self) -> list[str]:
        """What models are called."""
        return [record.name for record in self._roster.records()]

    def all(self) -> list[ModelStatus]:
        """Every model with what is known of it, those in use first. Starts nothing."""
        return self._statuses.every(self._statuses.books())

    def view(self) -> ModelView:
        """Every model, and this machine's memories with what is in them. Starts nothing."""
        books = self._statuses.books()
        here = next((book for book in books if book.machine == self._machine), None)
        models = self._statuses.every(books)
        return ModelView(tuple(models), memories(here, models) if here is not None else ())

    def show(self, name: str) -> ModelStatus:
        """One model. Raises NotFound."""
        return self._statuses.of(self._roster.find(name), self._statuses.books())

    def fit(self, name: str) -> ModelStatus:
        """What loading a model would do now, as the engine room says that would load it: a run, for which nothing is loaded or unloaded.

        Raises NotFound, what is wrong with its files or server, RunFailed.
        """
        books = self._statuses.books()
        status = self._statuses.looked_into(self._statuses.known(self._roster.find(name), books), books)
        if status.record.served:
            return status
        request = LoadRequest(name, status.record.task)
        return replace(status, fit=self._client.start(RunKind.FIT, request, Priority.INTERACTIVE).wait(Fit))

    def add(
        self, name: str, uri: str, task: ModelTask = ModelTask.GENERATION, options: ModelOptions | None = None
    ) -> ModelRecord:
        """Make a model or a server's model known under a name, in place of one of that name.

        Nothing is kept of an address that leads nowhere: raises UserError or NotFound.
        """
        if not _NAME.fullmatch(name):
            raise _misnamed(name)
        record = self._outlook.placed(ModelRecord(name, task, uri, options or ModelOptions(), time.time()))
        self._registry.put(record)
        return record

    def remove(self, name: str, *, anyway: bool = False) -> ModelRecord:
        """Forget a model; its files stay. Raises NotFound for one that nobody added.

        Raises ModelInUse, unless `anyway`, where collections are searched by it.
        """
        record = self._roster.find(name)
        if not anyway and self._registry.find(name) is not None:
            self._require_unneeded(record)
        if not self._registry.remove(name):
            raise NotFound(f"{name} was added by nobody: the settings name it", remedy="change it in janus.toml")
        return record

    def use(self, *names: str, task: ModelTask = ModelTask.GENERATION) -> tuple[ModelRecord, ...]:
        """Let the first of these serve the task from now on, and the others where it can't; none: as the settings say.

        Raises NotFound, or UserError for a model of another task.
        """
        records = tuple(self._roster.find(name) for name in names)
        for record in records:
            if record.task is not task:
                raise UserError(
                    f"{record.name} is a model for {record.task.value}, not for {task.value}",
                    remedy=f"`janus models use {record.name} --for {record.task.value}`",
                )
        for record in records:
            # A chain names models by their records, those that only the settings name among them.
            if self._registry.find(record.name) is None:
                self._registry.put(replace(record, added_at=time.time()))
        self._registry.choose(task, names)
        return self._roster.chain(task)

    def pull(
        self,
        uri: str,
        *,
        name: str = "",
        task: ModelTask = ModelTask.GENERATION,
        options: ModelOptions | None = None,
        accept_licence: bool = False,
        on_event: OnEvent | None = None,
    ) -> PullReport:
        """Fetch the model at `uri` and make it known, under its file's name unless another is given.

        Repeated, it goes on with what had come. Raises as `add` does for a name or address that can't be, RunFailed.
        """
        if name and not _NAME.fullmatch(name):
            raise _misnamed(name)
        meant = self._outlook.placed(ModelRecord(name, task, uri, options or ModelOptions()))
        request = ModelPull(meant.uri, name, task, meant.options, accept_licence)
        return self._client.start(RunKind.PULL, request, Priority.AGENT).wait(PullReport, on_event)

    def load(
        self, name: str = "", task: ModelTask = ModelTask.GENERATION, *, on_event: OnEvent | None = None
    ) -> LoadReport:
        """Bring a model into memory (with "", the one in use for the task). Raises NotFound, RunFailed."""
        handle = self._client.start(RunKind.LOAD, LoadRequest(name, task), Priority.INTERACTIVE)
        return handle.wait(LoadReport, on_event)

    def bench(self, request: BenchRequest, *, on_event: OnEvent | None = None) -> BenchReport:
        """Measure how fast a model reads and writes here; it is remembered. Raises NotFound, RunFailed."""
        return self._client.start(RunKind.BENCH, request, Priority.INTERACTIVE).wait(BenchReport, on_event)

    def unload(self, name: str, *, wait_seconds: float = UNLOAD_SECONDS) -> Unloaded:
        """Have every process that holds the model give its memory back, as soon as nobody uses it. Raises NotFound."""
        self._roster.find(name)
        link = self._reached()
        if link is None:
            return Unloaded(name, 0, 0)
        machines = {*link.leases.machines(), self._machine}
        recalled = recall(link.leases, machines, PURPOSE + name, seconds=wait_seconds)
        return Unloaded(name, recalled.asked, recalled.held)

    def _require_unneeded(self, record: ModelRecord) -> None:
        """Raise ModelInUse if collections are searched by this model, which is to be forgotten."""
        added = [one for one in self._roster.records() if one.name != record.name]
        implied = self._roster.implied(record.task)
        require_unneeded(record, [*added, *([implied] if implied else [])], self._outlook.indexes())


def _misnamed(name: str) -> UserError:
    return UserError(f"{name!r} can't be a model's name", remedy="use up to 120 letters, digits, dots and dashes")
