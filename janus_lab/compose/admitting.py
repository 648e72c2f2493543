"""Admission for a process that computes, and what computing takes by the settings."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack, suppress

from janus_lab.adapters.backend.processors import model_threads
from janus_lab.adapters.engine_room.neighbourhood import alive, neighbourhood
from janus_lab.compose.sampling import open_sampler, this_process
from janus_lab.errors import StoreUnreachable
from janus_lab.ports.leases import Leases
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.demand import Demands
from janus_lab.scheduler.recovery import reclaim
from janus_lab.schemes import factory
from janus_lab.settings import Settings

_HERE = "memory://"


def open_admission(settings: Settings, leases: Leases, resources: ExitStack) -> Admission:
    """What asks for this machine's leases in this process; what dead processes left held is free at once."""
    here = neighbourhood()
    admission = Admission(
        leases,
        machine=settings.machine_name,
        holder=f"{socket.gethostname()}:{os.getpid()}:{here}",
        ttl_seconds=settings.lease_ttl_seconds,
    )
    resources.callback(admission.close)
    # Without it they expire.
    with suppress(StoreUnreachable):
        reclaim(leases, settings.machine_name, neighbourhood=here, alive=alive)
    return admission


def open_lone_admission(settings: Settings, resources: ExitStack) -> Admission:
    """Admission for a process that is no worker, such as a migration, where no worker need be.

    The machine's leases are on the server at `redis_url`, if that is one and answers: then this process measures the machine
    unless another one does. Otherwise nobody else can be at work, and the leases are its own.
    """
    url = settings.url("redis_url") if "redis_url" in settings.servers() else _HERE
    with ExitStack() as opening:
        try:
            leases = _measured(settings, url, opening)
        except StoreUnreachable:
            leases = _measured(settings, _HERE, opening)
        admission = open_admission(settings, leases, opening)
        resources.push(opening.pop_all())
        return admission


def _measured(settings: Settings, url: str, resources: ExitStack) -> Leases:
    with ExitStack() as opening:
        leases: Leases = opening.enter_context(factory("leases", url)(url))
        claims = opening.enter_context(factory("claims", url)(url))
        samples = opening.enter_context(factory("samples", url)(url, expiry_seconds=settings.stale_seconds))
        open_sampler(settings, claims=claims, leases=leases, samples=samples, ours=this_process, resources=opening)
        resources.push(opening.pop_all())
        return leases


def demands(settings: Settings) -> Demands:
    """What runs need here: models compute in as many threads as leases may cover, at most."""
    threads = model_threads(settings.model_threads)
    slots = settings.lease_cpu_slots or threads
    return Demands(min(threads, slots), settings.worker_processes)
