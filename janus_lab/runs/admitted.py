"""Services whose runs hold a lease: every one, unless what it does says that it only waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from janus_lab.runs.context import RunContext, RunService
from janus_lab.runs.patience import Patience
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.demand import Demands
from janus_lab.scheduler.tally import together
from janus_lab.scheduler.work import Work


class Admitted:
    """A service that begins when the machine has room for the run, and lets others go first between its units."""

    def __init__(self, service: RunService, admission: Admission, demands: Demands) -> None:
        self._service = service
        self._admission = admission
        self._demands = demands

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Do the run under a lease; which ones it and its earlier attempts had, and how long they waited, is in its manifest."""
        work = Work(self._admission, self._demands.of(context.run), Patience(context))
        try:
            with work.going():
                return self._service.execute(context)
        finally:
            context.pin(leases=together(context.manifest.get("leases", {}), work.facts()))
