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


def listed(models: Models) -> list[dict[str, Any]]:
    """Every model as `models` lists it."""
    first = {"id": IN_USE, "object": "model", "created": 0, "owned_by": _OWNER}
    return [first, *(_entry(record) for record in models.records())]


def _entry(record: ModelRecord) -> dict[str, Any]:
    return {
        "id": record.name,
        "object": "model",
        "created": int(record.added_at),
        "owned_by": _OWNER,
        "task": record.task.value,
    }
