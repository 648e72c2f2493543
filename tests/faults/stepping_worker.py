"""What a worker among others opens in these tests: the real executor and sweep, with a service that counts, a step a number."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from janus_lab.compose.links import open_link
from janus_lab.compose.worker import SweepingWorker
from janus_lab.runs.executor import Executor
from janus_lab.runs.sweep import Sweep
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.values.run import RunKind


class Counting:
    """Commits as many steps as the run asks for; each says which process did it.

    Before its step `held_at` it waits for the file `gate`: so whoever disturbs it finds it in mid-work.
    """

    def execute(self, context):
        request = context.run.request
        for number in range(request["steps"]):
            context.check_cancelled()
            while number == request["held_at"] and not Path(request["gate"]).exists():
                time.sleep(0.02)
                context.check_cancelled()
            if str(number) not in context.finished:
                context.commit_step(str(number), {"by": os.getpid()})
        return {"steps": len(context.finished)}


@contextmanager
def open_counting(settings: Settings) -> Iterator[SweepingWorker]:
    relational = settings.url("relational_url")
    with ExitStack() as stack:
        ledger = stack.enter_context(factory("ledger", relational)(relational))
        link = open_link(settings, settings.url("redis_url"), stack)
        executor = Executor(
            holder=f"worker-{os.getpid()}",
            ledger=ledger,
            events=link.events,
            claims=link.claims,
            queue=lambda: link.queue,
            services={RunKind.ASK: Counting()},
        )
        sweep = Sweep(ledger=ledger, claims=link.claims, queue=link.queue, letters=link.letters)
        yield SweepingWorker(executor, sweep)
