"""Which model a task or a name means: as somebody chose, else as the settings say."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping

from janus_lab.errors import NotFound
from janus_lab.ports.model_registry import ModelRegistry
from janus_lab.values.model import ModelRecord, ModelTask


class Roster:
    """Reads the registry at each question, so that a choice counts at once.

    `settings` are the URIs that the settings name for tasks ("" where they name none). `name_of` gives the name of the model at
    a URI: such a model is known though nobody added it.
    """

    def __init__(
        self, registry: ModelRegistry, settings: Mapping[ModelTask, str], name_of: Callable[[str], str]
    ) -> None:
        self._registry = registry
        self._settings = settings
        self._name_of = name_of

    def chain(self, task: ModelTask) -> tuple[ModelRecord, ...]:
        """Models that serve the task, first the one in use; empty where there is none. Names that nobody knows are passed over."""
        names = self._registry.chain(task)
        found = [self._known(name) for name in names]
        chosen = tuple(record for record in found if record is not None and record.task is task)
        implied = self.implied(task)
        return chosen or ((implied,) if implied is not None else ())

    def find(self, name: str) -> ModelRecord:
        """The model of that name. Raises NotFound."""
        record = self._known(name)
        if record is None:
            near = self._near(name)
            meant = f"did you mean {near}? " if near else ""
            raise NotFound(f"there is no model called {name!r}", remedy=f"{meant}`janus models` lists those there are")
        return record

    def knows(self, name: str) -> bool:
        """Whether there is a model of that name."""
        return self._known(name) is not None

    def records(self) -> list[ModelRecord]:
        """Every model, by name, those that only the settings name among them."""
        added = {record.name: record for record in self._registry.records()}
        implied = {record.name: record for task in ModelTask if (record := self.implied(task)) is not None}
        return [record for _, record in sorted((implied | added).items())]

    def implied(self, task: ModelTask) -> ModelRecord | None:
        """The model that the settings name for a task."""
        uri = self._settings.get(task, "")
        return ModelRecord(self._name_of(uri), task, uri) if uri else None

    def _near(self, name: str) -> str:
        """A name that may have been meant: one that begins so, or is spelt much like it; "" for none."""
        names = {record.name.lower(): record.name for record in self.records()}
        begins = sorted(low for low in names if name and low.startswith(name.lower()))
        near = begins or difflib.get_close_matches(name.lower(), names, 1)
        return names[near[0]] if near else ""

    def _known(self, name: str) -> ModelRecord | None:
        if (added := self._registry.find(name)) is not None:
            return added
        implied = (self.implied(task) for task in ModelTask)
        return next((record for record in implied if record is not None and record.name == name), None)
