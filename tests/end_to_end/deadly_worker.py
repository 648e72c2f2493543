"""A real worker, whose process dies at a question about poison as long as the file DEADLY_TRIGGER is there."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from janus_lab.compose.worker import SweepingWorker, open_worker
from janus_lab.runs.context import RunContext, RunService
from janus_lab.settings import Settings
from janus_lab.values.run import RunKind


@dataclass
class Deadly:
    """Answers questions, unless they kill it."""

    service: RunService

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        if "poison" in context.run.request["question"] and Path(os.environ["DEADLY_TRIGGER"]).exists():
            os.kill(os.getpid(), signal.SIGKILL)
        return self.service.execute(context)


@contextmanager
def open_deadly(settings: Settings) -> Iterator[SweepingWorker]:
    with open_worker(settings) as carrier:
        services = carrier.worker._services
        services[RunKind.ASK] = Deadly(services[RunKind.ASK])
        yield carrier
