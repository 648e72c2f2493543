"""The sampler of a process that carries out runs: its probe, and which processes on its machine are ours."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass

from janus_lab.adapters.engine_room.inspect import our_processes
from janus_lab.adapters.engine_room.workers import ready_workers
from janus_lab.errors import JanusError
from janus_lab.ports.claims import Claims
from janus_lab.ports.leases import Leases
from janus_lab.ports.samples import Samples
from janus_lab.resources.monitor import Monitor, Surroundings
from janus_lab.resources.sampling import sampling
from janus_lab.schemes import factory
from janus_lab.settings import Settings

LOOK_SECONDS = 10.0
"""How often it is looked up which processes are ours; those that hold a lease are known at every turn."""


def open_sampler(
    settings: Settings,
    *,
    claims: Claims,
    leases: Leases,
    samples: Samples,
    ours: Callable[[], Collection[int]],
    resources: ExitStack,
) -> None:
    """Measure this machine from now on, unless another process does, until `resources` are closed."""
    open_probe = factory("probe", settings.probe_url)
    probe = resources.enter_context(open_probe(settings.url("probe_url"), machine=settings.machine_name))
    around = Surroundings(probe, leases, samples, ours)
    resources.enter_context(
        sampling(
            Monitor(settings.machine_name, around, settings),
            claims,
            machine=settings.machine_name,
            holder=f"{socket.gethostname()}:{os.getpid()}:{time.monotonic_ns()}",
            seconds=settings.sample_seconds,
        )
    )


def this_process() -> Collection[int]:
    """The only process of a room that has no others."""
    return (os.getpid(),)


@dataclass(slots=True)
class OurProcesses:
    """Janus's processes on this machine: this one, its engine room's, and other workers of the same servers."""

    _settings: Settings
    _found: Collection[int] = ()
    _looked_at: float = float("-inf")

    def __call__(self) -> Collection[int]:
        """Their ids, looked up now and then; some may have ended since."""
        if time.monotonic() - self._looked_at > LOOK_SECONDS:
            self._looked_at = time.monotonic()
            self._found = {os.getpid(), *our_processes(self._settings.home), *self._workers()}
        return self._found

    def _workers(self) -> Collection[int]:
        try:
            _, workers = ready_workers(self._settings.url("redis_url"))
        except JanusError:
            return ()  # the sampler tells that the server does not answer
        return {worker.pid for worker in workers if worker.host == socket.gethostname()}
