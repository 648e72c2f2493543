from __future__ import annotations

from janus_lab.values.codec import to_json
from janus_lab.values.request import IngestRequest, NamedSource, Scanned
from janus_lab.values.run import Priority, Run, RunError, RunKind, RunState
from janus_lab.verbs.as_data import as_data
from janus_lab.verbs.listings import Runs, SharedRun
from janus_lab.verbs.plain import plain
from janus_magics.render import engine_room


def shared_run() -> SharedRun:
    request = IngestRequest(("/papers",), "default")
    run = Run("a" * 32, RunKind.INGEST, RunState.RUNNING, Priority.BATCH, to_json(request), 0.0)
    found = tuple(NamedSource(f"papers/{n}<b>.txt", size=n) for n in range(3))
    part = to_json(IngestRequest((), "default", scanned=Scanned(found)))
    share = Run("b" * 32, RunKind.INGEST, RunState.QUEUED, Priority.BATCH, part, 0.0, parent=run.id)
    return SharedRun(run, (share,))


def test_a_shared_run_is_shown_with_its_shares() -> None:
    text = plain(shared_run())
    assert "a" * 32 in text
    assert "bbbbbbbbbbbbb" in text
    assert "papers/0<b>.txt … (3)" in text
    markup = str(engine_room.shared_run(shared_run()))
    assert "papers/0&lt;b&gt;.txt" in markup
    assert "<b>.txt" not in markup
    data = as_data(shared_run())
    assert (data["id"], data["shares"][0]["parent"]) == ("a" * 32, "a" * 32)
    # One form, whether or not a run is shared.
    assert data.keys() - {"shares"} == as_data(shared_run().run).keys()


def test_a_run_of_several_attempts_is_told_from_its_creation_to_its_end() -> None:
    request = to_json(IngestRequest(("/papers",), "default"))
    run = Run("a" * 32, RunKind.INGEST, RunState.DONE, Priority.BATCH, request, 1000.0, 1090.0, 1100.0, attempts=3)
    assert "1 min 40 s after its creation; last attempt: 10 s" in plain(run)
    listing = plain(Runs((run,)))
    assert "ended after" in listing
    assert "1 min 40 s" in listing


def test_an_error_kept_in_the_ledger_is_raised_as_what_it_was() -> None:
    error = RunError("disk-full", "no space", "free some").as_error()
    assert (type(error).__name__, error.message, error.remedy) == ("DiskFull", "no space", "free some")
    assert RunError("never-heard-of", "?", "!").as_error().code == "run-failed"
