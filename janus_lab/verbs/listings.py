"""Lists and counts that the faces know how to show; to everybody else they are lists and numbers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar

from janus_lab.values.document import Document
from janus_lab.values.hit import SearchResult
from janus_lab.values.model import ModelRecord, ModelTask
from janus_lab.values.model_status import ModelStatus
from janus_lab.values.queue import DeadLetter
from janus_lab.values.run import Run
from janus_lab.values.stored_key import KeyContent

Told = TypeVar("Told", bound=ModelStatus)


class Documents(list[Document]):
    """Documents, as `docs list` and `docs find` give them."""


class Runs(list[Run]):
    """Runs, newest first."""


@dataclass(frozen=True, slots=True)
class SharedRun:
    """A run and the shares it was cut into."""

    run: Run
    shares: tuple[Run, ...]


class DeadLetters(list[DeadLetter]):
    """Parked messages, oldest first."""


class Rows(list[dict[str, Any]]):
    """Rows of a query to the graph, as plain values by the names that it returns."""


class SearchResults(list[SearchResult]):
    """Results of several queries, in their order."""


class DeletedKeys(list[str]):
    """Names of keys that were deleted; none where the person said no."""


@dataclass(frozen=True, slots=True)
class RawKey:
    """A key that is to be shown as the server holds it."""

    content: KeyContent


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many runs were forgotten."""

    runs: int


@dataclass(frozen=True, slots=True)
class ModelChain:
    """Who serves a task: the first, and the others where it can't. `others` are collections that another model searches yet."""

    task: ModelTask
    records: tuple[ModelRecord, ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelAdded(ModelStatus):
    """A model that was made known just now."""


@dataclass(frozen=True, slots=True)
class ModelFits(ModelStatus):
    """A model that is looked at for whether and how it fits."""


def told_as(kind: type[Told], status: ModelStatus) -> Told:
    """The same status, to be shown in another way."""
    return kind(**{each.name: getattr(status, each.name) for each in fields(status)})


@dataclass(frozen=True, slots=True)
class ModelForgotten:
    """A model that nobody knows any more; None where the person said no."""

    record: ModelRecord | None
