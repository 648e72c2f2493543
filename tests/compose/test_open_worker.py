"""What a worker keeps doing beside its runs."""

from __future__ import annotations

import time
from contextlib import ExitStack

from janus_lab.compose.stores import open_shared
from janus_lab.compose.worker import open_worker
from janus_lab.runs.forgetting import DAY_SECONDS
from janus_lab.settings import load_settings
from janus_lab.values.ids import new_run_id
from janus_lab.values.run import Priority, Run, RunKind, RunState


def test_a_worker_forgets_old_look_ups(tmp_path, redis_url):
    settings = load_settings(tmp_path / "home", redis_url=redis_url, keep_lookups_days=3)
    old, recent = new_run_id(), new_run_id()
    with ExitStack() as resources:
        ledger = open_shared(settings, resources).ledger
        for run_id, days in ((old, 4), (recent, 2)):
            at = time.time() - days * DAY_SECONDS
            ledger.create(Run(run_id, RunKind.SEARCH, RunState.QUEUED, Priority.INTERACTIVE, {}, at))
            ledger.finish(run_id, RunState.DONE, fence=1, at=at, result={})
        with open_worker(settings):
            deadline = time.monotonic() + 60
            while len(ledger.find()) > 1 and time.monotonic() < deadline:
                time.sleep(0.01)
        assert [run.id for run in ledger.find()] == [recent]
