"""Which model a request's `model` means."""

from __future__ import annotations

from typing import Any, Protocol

from janus_lab.serve.refusals import Refused
from janus_lab.values.model import ModelRecord, ModelTask

IN_USE = "janus"
"""Whatever model is in use; where it can't answer, the next in its chain may. A model's own name means only that one."""
_OWNER = "janus-lab"


class Models(Protocol):
    """The models that a lab knows."""

    def records(self) -> list[ModelRecord]:
        """Every model, by name."""
        ...

    def in_use(self, task: ModelTask) -> ModelRecord | None:
        """The model that serves a task."""
        ...

    def window(self, record: ModelRecord) -> int:
        """How many tokens one request to a model may have in all, 0 where that is not known before it is loaded."""
        ...


def chosen(models: Models, name: str, task: ModelTask) -> str:
    """The model's name for a run: "" for the one in use. Raises Refused for one that is not known, or for another task."""
    if name in ("", IN_USE):
        return ""
    known = {record.name: record.task for record in models.records()}
    if name not in known:
        there = ", ".join([IN_USE, *(each for each, its in known.items() if its is task)])
        raise Refused(404, "model_not_found", f"there is no model {name[:100]!r}; there are: {there}", field="model")
    if known[name] is not task:
        raise Refused(400, "wrong_model", f"the model {name!r} is for {known[name]}, not for {task}", field="model")
    return name


def task_of(models: Models, name: str) -> ModelTask:
    """What the model of that name is for; the one in use, and one that nobody knows, writes."""
    return next((record.task for record in models.records() if record.name == name), ModelTask.GENERATION)


def listed(models: Models) -> list[dict[str, Any]]:
    """Every model as `models` lists it."""
    writing = models.in_use(ModelTask.GENERATION)
    first = {"id": IN_USE, "object": "model", "created": 0, "owned_by": _OWNER}
    return [
        {**first, **(_window(models, writing) if writing else {})},
        *(_entry(models, one) for one in models.records()),
    ]


def _entry(models: Models, record: ModelRecord) -> dict[str, Any]:
    return {
        "id": record.name,
        "object": "model",
        "created": int(record.added_at),
        "owned_by": _OWNER,
        "task": record.task.value,
        **_window(models, record),
    }


def _window(models: Models, record: ModelRecord) -> dict[str, int]:
    """The window by the names that clients look for: vLLM's, and that of most others."""
    window = models.window(record)
    return {"max_model_len": window, "context_length": window} if window else {}
