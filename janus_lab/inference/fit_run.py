"""Fit runs: what loading a model would do, asked of the process that would load it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from janus_lab.inference.load_run import meant
from janus_lab.inference.residency import Residency
from janus_lab.runs.context import RunContext
from janus_lab.values import codec
from janus_lab.values.model_run import LoadRequest


class FitService:
    """Carries out fit runs. The result is a `Fit`; nothing is loaded or unloaded."""

    def __init__(self, models: Residency) -> None:
        self._models = models

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Ask what a load run with the same request would do now. Raises NotFound, and what laying the model out raises."""
        request = codec.from_json(LoadRequest, context.run.request)
        return codec.to_json(self._models.foreseen(meant(self._models, request.name, request.task)))
