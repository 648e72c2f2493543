"""Workers in the foreground, for containers and other machines: `python -m janus_lab.jobs.foreground --home PATH`.

They serve the servers that the settings name. SIGTERM lets each withdraw what it does; one that dies is started again.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from janus_lab.adapters.engine_room.attach import WORKER_OPENER
from janus_lab.errors import JanusError
from janus_lab.jobs.lifeline import on_parent_death
from janus_lab.jobs.wake import Wake
from janus_lab.jobs.worker import STDERR
from janus_lab.jobs.worker_process import WorkerLaunch, WorkerProcess, stop_all

_LOOK_SECONDS = 1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Keep workers running until SIGTERM or SIGINT; the exit status is 0 then, and 1 if they never last."""
    options = _parser().parse_args(arguments)
    home = options.home.absolute()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    launch = WorkerLaunch(
        home,
        options.opener,
        ("--log", STDERR),
        {"dramatiq_restart_delay": "1000"},
        before_exec=on_parent_death(signal.SIGTERM),
    )
    workers = [WorkerProcess(launch) for _ in range(options.processes)]
    wake = Wake()
    try:
        while not wake.stop_requested:
            for worker in workers:
                worker.tend()
            wake.wait(_LOOK_SECONDS)
    except JanusError as error:
        print("\n".join(error.lines()), file=sys.stderr)  # noqa: T201 - a container's log
        return 1
    finally:
        stop_all(workers)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="janus_lab.jobs.foreground", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="data directory")
    parser.add_argument("--processes", type=int, default=1, help="how many workers")
    parser.add_argument("--opener", default=WORKER_OPENER, help="module:function that opens the worker's services")
    return parser


if __name__ == "__main__":
    sys.exit(main())
