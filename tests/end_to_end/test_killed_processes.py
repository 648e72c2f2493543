"""kill -9 of every process in the middle of real work: nothing is lost, nothing is doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from waiting import until

from janus_lab import open_lab
from janus_lab.errors import EngineRoomFailed
from janus_lab.values.event import EventKind
from janus_lab.values.ingest import IngestReport
from janus_lab.values.run import RunKind, RunState
from tests.end_to_end.conftest import contents, write_reports

FILES = 100
QUESTION = "What failed twice in the storms of 1987?"

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


def expected(tmp_path_factory):
    """What an undisturbed ingest of the same files leaves."""
    folder = tmp_path_factory.mktemp("clean") / "project"
    (folder / ".janus").mkdir(parents=True)
    write_reports(folder / "reports", FILES)
    with open_lab(folder / ".janus", inline=True) as lab:
        lab.ingest(folder / "reports")
        return contents(lab), lab.status().chunks


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return expected(tmp_path_factory)


def assert_like_clean(lab, clean):
    documents, chunks = clean
    assert contents(lab) == documents
    assert lab.status().chunks == chunks
    report = lab.check()
    assert {name: report[name] for name in report if name.endswith(("vectors", "objects"))} == {
        "orphan_vectors": 0,
        "missing_vectors": 0,
        "orphan_objects": 0,
        "missing_objects": 0,
    }


def wait_for_chunks(handle, least):
    """Follow an ingest until so many chunks are done; returns the events' position."""
    for event in handle.events():
        if event.kind is EventKind.PROGRESS and event.data["chunks_done"] >= least:
            return event.sequence
    pytest.fail("the ingest was over before it could be disturbed")


def living(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("victim", ["worker_pid", "server_pid", "supervisor_pid"])
def test_an_ingest_survives_the_death_of(victim, project, new_lab, clean):
    lab = new_lab(project / ".janus")
    write_reports(project / "reports", FILES)
    handle = lab.start_ingest(project / "reports")
    wait_for_chunks(handle, 1)
    os.kill(getattr(lab.status(), victim), signal.SIGKILL)
    report = handle.wait(IngestReport)
    assert (report.added, report.failed, report.chunks) == (FILES, 0, clean[1])
    assert_like_clean(lab, clean)


def test_an_answer_survives_the_death_of_the_worker(project, new_lab):
    lab = new_lab(project / ".janus")
    write_reports(project / "reports", 5)
    (project / "reports" / "pump.txt").write_text("The old pump failed twice in the storms of 1987.", encoding="utf-8")
    lab.ingest(project / "reports")
    killed = []

    def kill_once(event):
        if event.kind is EventKind.TOKEN and not killed:
            killed.append(lab.status().worker_pid)
            os.kill(killed[0], signal.SIGKILL)

    answer = lab.ask(QUESTION, on_event=kill_once)
    assert killed, "no token came before the answer"
    assert "pump" in answer.text
    assert answer.citations
    until(lambda: lab.status().worker_pid not in (None, killed[0]), "another worker")


def test_work_goes_on_when_the_client_is_killed_and_anybody_may_reattach(project, new_lab, clean):
    write_reports(project / "reports", FILES)
    code = (
        "import sys, time; from janus_lab import open_lab\n"
        "lab = open_lab(sys.argv[1]); handle = lab.start_ingest(sys.argv[2]); print(handle.id, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(project / ".janus"), str(project / "reports")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        run_id = client.stdout.readline().strip()
        client.kill()
    lab = new_lab(project / ".janus")
    report = lab.attach(run_id).wait(IngestReport)
    assert report.added == FILES
    assert_like_clean(lab, clean)


def test_nothing_runs_any_more_when_the_only_client_was_killed(project):
    code = "import sys, time; from janus_lab import open_lab\nlab = open_lab(sys.argv[1], idle_seconds=2); s = lab.up(); print(s.supervisor_pid, s.server_pid, s.worker_pid, flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(project / ".janus")], stdout=subprocess.PIPE, text=True
    ) as client:
        pids = [int(word) for word in client.stdout.readline().split()]
        assert all(living(pid) for pid in pids)
        client.kill()
    until(lambda: not any(living(pid) for pid in pids), "the engine room to end with its last client")


def test_a_run_queued_when_the_engine_room_stopped_is_done_at_its_next_start(project, new_lab, clean):
    lab = new_lab(project / ".janus")
    write_reports(project / "reports", FILES)
    handle = lab.start_ingest(project / "reports")
    wait_for_chunks(handle, 1)
    assert lab.down()
    assert lab.runs(kinds=[RunKind.INGEST])[0].state is RunState.RUNNING
    lab.up()
    assert handle.wait(IngestReport).added == FILES
    assert_like_clean(lab, clean)


def test_an_engine_room_that_somebody_stops_is_not_started_again_by_those_who_wait(project, new_lab):
    lab = new_lab(project / ".janus")
    write_reports(project / "reports", FILES)
    stopper = new_lab(project / ".janus", start=False)
    handle = lab.start_ingest(project / "reports")
    stopped = []

    def stop_once(event):
        if event.kind is EventKind.PROGRESS and event.data["chunks_done"] >= 1 and not stopped:
            stopped.append(stopper.down())

    with pytest.raises(EngineRoomFailed, match="was stopped") as caught:
        handle.wait(IngestReport, stop_once)
    assert "janus up" in caught.value.remedy
    assert stopped == [True]
    time.sleep(1.0)
    assert not lab.status().running
    assert handle.wait(IngestReport).added == FILES
