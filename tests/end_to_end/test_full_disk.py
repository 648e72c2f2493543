"""A disk that fills up in the middle of an ingest: a clear error, nothing half-written, and a retry that finishes."""

from __future__ import annotations

import os
import subprocess

import pytest

from janus_lab.errors import DiskFull, RunFailed
from janus_lab.values.event import EventKind
from janus_lab.values.ingest import IngestReport
from tests.end_to_end.conftest import write_reports

FILES = 80

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 110 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=110m", "tmpfs", str(place)], check=False, capture_output=True
    )
    if mount.returncode != 0:
        reason = f"no file system can be mounted here: {mount.stderr.decode().strip()}"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place):
    """Leave no byte free; returns the file that takes all the space."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65536)
        except OSError:
            pass
        try:
            while True:
                file.write(b"\0")
        except OSError:
            pass
    return filler


def finished(lab, handle):
    """The report, whether the run goes on by itself or has been recorded as failed."""
    try:
        return handle.wait(IngestReport)
    except RunFailed:
        return lab.retry(handle.id).wait(IngestReport)


def test_an_ingest_on_a_disk_that_fills_up_says_so_and_is_finished_by_a_retry(small_disk, tmp_path, new_lab):
    reports = write_reports(tmp_path / "reports", FILES)
    lab = new_lab(small_disk / ".janus")
    handle = lab.start_ingest(reports)
    fillers = []

    def fill_once(event):
        if event.kind is EventKind.PROGRESS and event.data["chunks_done"] >= 1 and not fillers:
            fillers.append(fill(small_disk))

    with pytest.raises((DiskFull, RunFailed), match=r"no space is left|disk or memory is full") as caught:
        handle.wait(IngestReport, fill_once)
    assert "space" in caught.value.remedy
    fillers[0].unlink()
    report = finished(lab, handle)
    assert report.added == FILES
    assert report.failed == 0
    counts = lab.check()
    assert [counts[name] for name in ("orphan_vectors", "missing_vectors", "orphan_objects", "missing_objects")] == [
        0
    ] * 4
