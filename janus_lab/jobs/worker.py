"""The worker: carries out runs from the queues. `python -m janus_lab.jobs.worker --home PATH`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from janus_lab.adapters.engine_room.attach import WORKER_OPENER
from janus_lab.adapters.engine_room.paths import RoomPaths
from janus_lab.adapters.engine_room.report import Reporter
from janus_lab.errors import Defect, JanusError
from janus_lab.jobs.lifeline import exit_after, told_to_stop, watch_parent
from janus_lab.jobs.working import STOP_SECONDS, RunCarrier, working_alone, working_among_others
from janus_lab.settings import Settings, load_settings

if TYPE_CHECKING:
    from redis import Redis

STDERR = "-"
"""The name of the log that goes to standard error."""
Opener = Callable[[Settings], AbstractContextManager[RunCarrier]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Work until SIGTERM or SIGINT; the exit status is 0 then, and 1 if it could not start."""
    options = _parser().parse_args(arguments)
    stop = told_to_stop()
    reporter = Reporter(options.report_fd)
    try:
        settings = load_settings(options.home)
        alone = bool(options.redis_url)
        if alone:
            settings = replace(settings, redis_url=options.redis_url, broker_url="")
        _log_to(RoomPaths(options.home), settings, options.log)
        _work(settings, _opener(options.opener), stop, options.parent, reporter, alone=alone)
    except JanusError as error:
        reporter.failed(error)
        print("\n".join(error.lines()), file=sys.stderr)  # noqa: T201 - the supervisor keeps it
        return 1
    return 0


def _work(
    settings: Settings,
    open_carrier: Opener,
    stop: threading.Event,
    parent: int | None,
    reporter: Reporter,
    *,
    alone: bool,
) -> None:
    import structlog

    from janus_lab.adapters.redis.client import open_client
    from janus_lab.jobs.readiness import ready

    log = structlog.get_logger(__name__)
    runs: set[str] = set()
    working = working_alone if alone else working_among_others
    with open_client(settings.url("redis_url"), decode_responses=False) as client:
        if parent is not None:
            watch_parent(parent, (lambda: _abandoned(client)) if alone else stop.set)
        with open_carrier(settings) as carrier:
            reporter.succeeded()
            with working(settings, carrier, stop, runs), ready(client, settings, lambda: tuple(runs)):
                log.info("worker-ready", profile=settings.profile)
                stop.wait()
                log.info("worker-stopping", runs=sorted(runs))
                exit_after(STOP_SECONDS)


def _abandoned(client: Redis) -> None:
    """The supervisor is gone and nobody else would end the server: it is told to end, and so do we."""
    from redis.exceptions import RedisError

    with suppress(RedisError):
        client.shutdown(nosave=True)
    os._exit(1)


def _opener(name: str) -> Opener:
    module, _, function = name.partition(":")
    try:
        found: Opener = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise Defect(
            f"the worker can't load {name}: {error}", remedy="install janus-lab again, then `janus up`"
        ) from error
    return found


def _log_to(paths: RoomPaths, settings: Settings, name: str) -> None:
    from janus_lab.adapters.engine_room.directory import prepare
    from janus_lab.jobs.logs import log_to_file, log_to_stderr

    prepare(paths)
    if name == STDERR:
        log_to_stderr(settings.log_level)
    else:
        log_to_file(paths.log(name), settings.log_level)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="janus_lab.jobs.worker", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="data directory")
    parser.add_argument(
        "--redis-url", default="", help="server that has no other worker; default: those in the settings"
    )
    parser.add_argument("--log", default="worker", help="name of the log file in logs/, or - for standard error")
    parser.add_argument("--parent", type=int, default=None, help="end with this process")
    parser.add_argument("--report-fd", type=int, default=None, help="pipe for the outcome of the start")
    parser.add_argument("--opener", default=WORKER_OPENER, help="module:function that opens the services")
    return parser


if __name__ == "__main__":
    status = main()
    # Threads of native libraries must not keep a finished worker alive.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
