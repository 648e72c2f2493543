"""The engine room's supervisor: one a data directory, with the processes that it starts, tends and takes along.

That is a server and a worker; or, with `--processes N`, N workers for the servers that the settings name.
`python -m janus_lab.jobs.engine_room --home PATH`; clients start it through `adapters/engine_room/attach.py`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from janus_lab.adapters.engine_room.attach import WORKER_OPENER
from janus_lab.adapters.engine_room.directory import prepare, unusable
from janus_lab.adapters.engine_room.paths import RoomPaths
from janus_lab.adapters.engine_room.record import Phase, read_record
from janus_lab.adapters.engine_room.report import Reporter
from janus_lab.errors import JanusError


def main(arguments: Sequence[str] | None = None) -> int:
    """Supervise until SIGTERM, SIGINT or idleness; the exit status is 1 if it could not go on."""
    options = _parser().parse_args(arguments)
    if options.detach and os.fork():
        # The first process ends at once, so the supervisor is nobody's child; its session is new already.
        os._exit(0)
    reporter = Reporter(options.report_fd)
    paths = RoomPaths(options.home.absolute())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        prepare(paths)
        return _supervise(paths, reporter, options)
    except JanusError as error:
        print("\n".join(error.lines()), file=sys.stderr)  # noqa: T201 - goes to the supervisor's log
        reporter.failed(error)
        return 1


def _supervise(paths: RoomPaths, reporter: Reporter, options: argparse.Namespace) -> int:
    from janus_lab.jobs.own_server import OwnServer
    from janus_lab.jobs.ownership import owned
    from janus_lab.jobs.supervisor import Supervisor

    with owned(paths) as room_lock:
        if room_lock is None:
            record = read_record(paths.record)
            if record is not None and record.phase is Phase.RUNNING:
                reporter.succeeded()
            return 0
        supervisor = Supervisor(
            paths,
            server=None if options.processes else OwnServer(paths, room_lock, options.server_memory_mb),
            room_lock=room_lock,
            processes=options.processes or 1,
            idle_seconds=options.idle_seconds,
            opener=options.opener,
        )
        try:
            supervisor.run(started=reporter.succeeded)
        except JanusError as error:
            supervisor.stop(error)
            raise
        except OSError as error:
            failure = unusable(paths, error)
            supervisor.stop(failure)
            raise failure from error
        supervisor.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="janus_lab.jobs.engine_room", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="data directory")
    parser.add_argument("--idle-seconds", type=float, default=600.0, help="stop after so long without clients and work")
    parser.add_argument("--server-memory-mb", type=int, default=0, help="what its server may hold; 0: no limit")
    parser.add_argument("--processes", type=int, default=0, help="so many workers for servers of others, and no server")
    parser.add_argument("--detach", action="store_true", help="go on in a process that nobody waits for")
    parser.add_argument("--report-fd", type=int, default=None, help="pipe for the outcome of the start")
    parser.add_argument("--opener", default=WORKER_OPENER, help="module:function that opens the worker's services")
    return parser


if __name__ == "__main__":
    sys.exit(main())
