"""Admission for a process that computes, and what computing takes by the settings."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack, suppress

from janus_lab.adapters.backend.processors import model_threads
from janus_lab.adapters.engine_room.neighbourhood import alive, neighbourhood
from janus_lab.errors import StoreUnreachable
from janus_lab.ports.leases import Leases
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.demand import Demands
from janus_lab.scheduler.recovery import reclaim
from janus_lab.settings import Settings


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


def demands(settings: Settings) -> Demands:
    """What runs need here: models compute in as many threads as leases may cover, at most."""
    threads = model_threads(settings.model_threads)
    slots = settings.lease_cpu_slots or threads
    return Demands(min(threads, slots), settings.worker_processes)
