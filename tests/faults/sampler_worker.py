"""A process that does nothing but measure its machine, as a worker does, on a server: `python sampler_worker.py URL HOME PROBE_URL SECONDS`."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack

from janus_lab.compose.links import open_link
from janus_lab.compose.sampling import open_sampler
from janus_lab.settings import load_settings

if __name__ == "__main__":
    url, home, probe_url, seconds = sys.argv[1:]
    settings = load_settings(
        home,
        environment={},
        redis_url=url,
        machine="loom",
        probe_url=probe_url,
        sample_seconds=float(seconds),
        ram_headroom_mb=4000,
        vram_headroom_mb=0,
    )
    with ExitStack() as stack:
        link = open_link(settings, url, stack)
        open_sampler(
            settings,
            claims=link.claims,
            leases=link.leases,
            samples=link.samples,
            ours=lambda: (os.getpid(),),
            resources=stack,
        )
        print("ready", flush=True)
        time.sleep(3600)
