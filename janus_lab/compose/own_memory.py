"""What this process uses of accelerators, as their drivers tell."""

from __future__ import annotations

import os
from collections.abc import Mapping

from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.values.lease import vram


def own_accelerator_use(settings: Settings) -> Mapping[str, int]:
    """Bytes by resource (`vram:0`); nothing of accelerators whose driver does not say who uses them, as in some containers."""
    mine = os.getpid()
    with factory("probe", settings.probe_url)(settings.url("probe_url"), machine=settings.machine_name) as probe:
        processes = probe.sample((mine,)).processes
    return {vram(device): used for one in processes if one.pid == mine for device, used in one.vram.items()}
