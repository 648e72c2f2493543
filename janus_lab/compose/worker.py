"""`open_worker`: what the worker process carries out runs with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from janus_lab.compose.links import open_link
from janus_lab.compose.logging_within import log_to_standard_logging
from janus_lab.compose.sampling import OurProcesses, open_sampler
from janus_lab.compose.services import Worker, build_worker
from janus_lab.compose.stores import open_shared
from janus_lab.migration.marker import refuse_half_filled
from janus_lab.runs.forgetting import forgetting
from janus_lab.runs.sweep import Sweep
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.values.run import Priority


@dataclass(frozen=True, slots=True)
class SweepingWorker:
    """Carries out runs, and finds those whose message was lost."""

    worker: Worker
    lost: Sweep

    def carry_out(self, run_id: str) -> None:
        """Do what is left of a run."""
        self.worker.carry_out(run_id)

    def recover(self) -> list[tuple[str, Priority]]:
        """Open runs, oldest first."""
        return self.worker.recover()

    def sweep(self) -> list[str]:
        """Queue lost runs again; their ids."""
        return self.lost.look()


@contextmanager
def open_worker(settings: Settings) -> Iterator[SweepingWorker]:
    """Open every store and service of a worker whose server is at `settings.redis_url`; closed in reverse at the end."""
    log_to_standard_logging()
    refuse_half_filled(settings.home, settings.profile)
    with ExitStack() as resources:
        shared = open_shared(settings, resources)
        redis_url = settings.url("redis_url")
        link = open_link(settings, redis_url, resources)
        steps = resources.enter_context(factory("steps", redis_url)(redis_url))
        open_sampler(
            settings,
            claims=link.claims,
            leases=link.leases,
            samples=link.samples,
            ours=OurProcesses(settings),
            resources=resources,
        )
        worker = build_worker(
            settings,
            shared,
            events=link.events,
            claims=link.claims,
            queue=lambda: link.queue,
            leases=link.leases,
            throttle=resources.enter_context(factory("throttle", redis_url)(redis_url)),
            resources=resources,
        )
        resources.enter_context(forgetting(shared.ledger, steps, keep_days=settings.keep_lookups_days))
        sweep = Sweep(ledger=shared.ledger, claims=link.claims, queue=link.queue, letters=link.letters)
        yield SweepingWorker(worker, sweep)
