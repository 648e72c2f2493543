"""A server whose disk fills up in the midst of an ingest: a clear error, and when there is room again all is as without."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress

import pytest
from engines import require, unavailable
from native_stack import minio, postgresql
from native_stack.engine import Engine

from janus_lab import open_lab
from janus_lab.errors import DiskFull, JanusError, RunFailed
from janus_lab.values.event import EventKind
from janus_lab.values.ingest import IngestReport
from tests.end_to_end.conftest import write_reports
from tests.end_to_end.holdings import holdings

FILES = 150
KINDS = {"objects_url": (minio, "96m"), "relational_url": (postgresql, "160m")}
TOLD = {"disk-full", "run-failed", "store-unreachable"}

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


@pytest.fixture(params=KINDS)
def setting(request):
    return request.param


@pytest.fixture
def small(setting, engines_folder):
    """A server on a small file system of its own, and that file system."""
    kind, size = KINDS[setting]
    require(kind)
    place = engines_folder / f"small-{setting}"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=711", "tmpfs", str(place)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        unavailable(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        with Engine(kind, place / "engine") as engine:
            yield engine, place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place):
    """Leave hardly a byte free; what takes all the space."""
    filler = place / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(b"\0" * 65536):
            pass
    return filler


def fill_when(handle, chunks, place):
    """Fill it when so many chunks are done, and not all."""
    for event in handle.events():
        if event.kind is EventKind.PROGRESS and event.data["chunks_done"] >= chunks:
            break
    assert not handle.run().state.final
    return fill(place)


def finished(lab, handle):
    """The report on a run that goes on by itself, or is retried by whoever has read its error and freed the space."""
    with suppress(RunFailed):
        return handle.wait(IngestReport)
    error = handle.run().error
    assert error.code == "disk-full"
    assert "free space" in error.remedy
    return lab.retry(handle.id).wait(IngestReport)


def without_room_for_originals(lab, engine, place):
    """Originals are brought before there is a run; so whoever starts it is told."""
    filler = fill(place)
    with pytest.raises(DiskFull) as caught:
        lab.ingest(lab.settings.home.parent / "reports")
    assert "space" in caught.value.remedy
    filler.unlink()
    engine.start()
    # MinIO looks at its disk now and then only, and refuses for as long as it believes what it saw.
    deadline = time.monotonic() + 120
    while True:
        try:
            return lab.ingest(lab.settings.home.parent / "reports")
        except DiskFull:
            assert time.monotonic() < deadline, "the freed space is not used"
            time.sleep(1)


def without_room_for_rows(lab, engine, place):
    """Rows are written all along."""
    handle = lab.start_ingest(lab.settings.home.parent / "reports")
    filler = fill_when(handle, 1, place)
    with pytest.raises(JanusError) as caught:
        handle.wait(IngestReport)
    assert caught.value.code in TOLD
    filler.unlink()
    # PostgreSQL ends when it can't write its log, as its makers think right.
    engine.start()
    return finished(lab, handle)


def test_a_full_server_is_told_and_the_ingest_ends_as_without(setting, small, project, tmp_path):
    engine, place = small
    alone = tmp_path / "clean"
    write_reports(alone / "reports", FILES)
    with open_lab(alone / ".janus", inline=True) as lab:
        lab.ingest(alone / "reports")
        settings = lab.settings
    clean = holdings(settings)

    with open_lab(project / ".janus", inline=True, **{setting: engine.url}) as lab:
        lab.ingest(write_reports(project / "reports", 10))
        write_reports(project / "reports", FILES)
        report = (without_room_for_originals if setting == "objects_url" else without_room_for_rows)(lab, engine, place)
        assert (report.added, report.unchanged, report.failed) == (FILES - 10, 10, 0)
        settings = lab.settings
    assert holdings(settings) == clean
