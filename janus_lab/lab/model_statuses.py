"""What is known of each model: its files and how they would fit, where it is loaded, what was measured, what it serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from janus_lab.errors import JanusError
from janus_lab.inference.remembering import address_hash, shown
from janus_lab.inference.roster import Roster
from janus_lab.lab.index_use import indexed_by
from janus_lab.lab.outlook import Outlook
from janus_lab.lab.residents import residents
from janus_lab.ports.engine_room import Link
from janus_lab.ports.measurements import Measurements
from janus_lab.ports.model_registry import ModelRegistry
from janus_lab.values.index_generation import IndexGeneration
from janus_lab.values.lease import LeaseBook
from janus_lab.values.model import Circuit, LoadPlan, Measurement, ModelFiles, ModelRecord, ModelTask
from janus_lab.values.model_status import ModelStatus


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is told of all models in one answer: who is left alone, who serves a task, and what serves the collections."""

    circuits: Mapping[str, Circuit]
    chains: Mapping[ModelTask, Sequence[str]]
    serving: Sequence[IndexGeneration]


class ModelStatuses:
    """Looks at models by the machines' books of leases. Starts nothing."""

    def __init__(
        self,
        *,
        registry: ModelRegistry,
        measurements: Measurements,
        roster: Roster,
        outlook: Outlook,
        reached: Callable[[], Link | None],
        machine: str,
    ) -> None:
        self._registry = registry
        self._measurements = measurements
        self._roster = roster
        self._outlook = outlook
        self._reached = reached
        self._machine = machine

    def every(self, books: Sequence[LeaseBook]) -> list[ModelStatus]:
        """Everything of every model, those in use first."""
        records = self._roster.records()
        asked = self._asked(records)
        found = [self._of(record, books, asked) for record in records]
        return sorted(found, key=lambda one: (list(ModelTask).index(one.record.task), one.place or 99, one.record.name))

    def of(self, record: ModelRecord, books: Sequence[LeaseBook]) -> ModelStatus:
        """Everything of a model; one whose files are not here says why."""
        return self._of(record, books, self._asked([record]))

    def known(self, record: ModelRecord, books: Sequence[LeaseBook]) -> ModelStatus:
        """What is known of a model without a look at its files."""
        return self._known(record, books, self._asked([record]))

    def looked_into(self, status: ModelStatus, books: Sequence[LeaseBook]) -> ModelStatus:
        """A model with what its files say and how it fits; as it is for a server's. Raises a JanusError with the way to either."""
        record = status.record
        files = self._outlook.files(record)
        if files is None:
            return replace(status, measured=self._measured(record, None, None))
        shape = self._outlook.shape(record, files)
        here = next((book for book in books if book.machine == self._machine), None)
        fit = self._outlook.fit(record, files, shape, here)
        measured = self._measured(record, files, fit.plan if fit is not None else None)
        return replace(status, files=files, shape=shape, fit=fit, measured=measured)

    def _files(self, record: ModelRecord) -> ModelFiles | None:
        with suppress(JanusError):
            return self._outlook.files(record)
        return None

    def _measured(self, record: ModelRecord, files: ModelFiles | None, plan: LoadPlan | None) -> Measurement | None:
        """What loads and benchmarks showed here."""
        kept = ([files.content_hash] if files is not None else []) + [address_hash(record)]
        known = [one for content_hash in kept for one in self._measurements.recall(content_hash, self._machine)]
        return shown(known, plan)

    def _asked(self, records: Sequence[ModelRecord]) -> _Asked:
        """Asked once for all of these; nothing serves where the index can't be asked."""
        tasks = {record.task for record in records}
        serving: Sequence[IndexGeneration] = ()
        if ModelTask.EMBEDDING in tasks:
            with suppress(JanusError):
                serving = self._outlook.indexes()
        chains = {task: [one.name for one in self._roster.chain(task)] for task in tasks}
        return _Asked(self._registry.circuits(), chains, serving)

    def _of(self, record: ModelRecord, books: Sequence[LeaseBook], asked: _Asked) -> ModelStatus:
        status = self._known(record, books, asked)
        try:
            return self.looked_into(status, books)
        except JanusError as error:
            return replace(status, files=self._files(record), missing=f"{error.message} ({error.remedy})")

    def _known(self, record: ModelRecord, books: Sequence[LeaseBook], asked: _Asked) -> ModelStatus:
        chain = asked.chains[record.task]
        return ModelStatus(
            record,
            residents=tuple(residents(record.name, books)),
            circuit=asked.circuits.get(record.name),
            place=chain.index(record.name) + 1 if record.name in chain else 0,
            collections=indexed_by(record, asked.serving, self._roster.knows),
        )

    def books(self) -> list[LeaseBook]:
        """The leases of every machine; none where nobody can be asked: what is known without them is still told."""
        with suppress(JanusError):
            if (link := self._reached()) is not None:
                return [link.leases.book(machine) for machine in {*link.leases.machines(), self._machine}]
        return []
