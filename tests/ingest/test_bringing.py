"""Files that only the client sees: brought into the object store, read from there, with the same ids and reports."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import replace

import pytest
from waiting import until

from janus_lab.errors import RunCancelled, UserError
from janus_lab.ingest.bringing import Bringer
from janus_lab.ingest.consistency import CheckService
from janus_lab.ingest.scanned import awaited
from janus_lab.ingest.source_file import Limits
from janus_lab.values.codec import from_json
from janus_lab.values.ingest import FileState, IngestReport
from janus_lab.values.request import CheckRequest, IngestRequest
from janus_lab.values.run import RunKind, RunState


@pytest.fixture
def many(files):
    """Files of several formats, good and bad."""
    (files / "a.md").write_text("# Alpha\n\n" + "alpha beta. " * 200)
    (files / "b.txt").write_text("alpha")
    (files / "same.txt").write_text("alpha")
    (files / "c.jsonl").write_text("\n".join(json.dumps({"id": n, "text": f"alpha {n}"}) for n in range(30)))
    (files / "empty.txt").touch()
    (files / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    (files / "film.bin").write_bytes(bytes(range(256)) * 40)
    (files / b"na\xefve \xff.txt".decode("utf-8", "surrogateescape")).write_text("alpha naive")
    return files


def bringer(room, **limits) -> Bringer:
    options = replace(room.service()._options, limits=Limits(**limits))
    return Bringer(room.stores.objects, room.stores.sources, options)


def bring(room, *sources, **options) -> IngestRequest:
    request = IngestRequest(tuple(map(str, sources)), "default", **options)
    return bringer(room).bring(request, lambda _: None)


def carry_out(room, request: IngestRequest) -> IngestReport:
    run = room.new_run(RunKind.INGEST, request)
    report = from_json(IngestReport, room.service().execute(room.context(run)))
    room.ledger.finish(run.id, RunState.DONE, fence=1, at=0.0)
    return report


def counted(report: IngestReport):
    outcomes = {(o.origin, o.state, o.code, o.message, o.documents, o.chunks) for o in report.outcomes}
    return replace(report, run_id="", seconds=0.0, embedded=0, outcomes=()), outcomes


def test_what_was_brought_becomes_what_a_worker_that_sees_the_files_makes_of_them(room, many, tmp_path) -> None:
    request = bring(room, many)
    elsewhere = tmp_path / "elsewhere"
    many.rename(elsewhere)
    brought = carry_out(room, request)
    state = room.check()
    elsewhere.rename(many)
    assert room.ingest(many).unchanged == brought.added
    room.remove(*state["documents"])
    assert counted(room.ingest(many)) == counted(brought)
    assert room.check() == state


def test_only_what_is_new_or_changed_is_brought(room, many) -> None:
    first = carry_out(room, bring(room, many))
    again = bring(room, many)
    assert again.scanned.unchanged == first.added == 5
    # What could not be read is tried again.
    assert [source.origin for source in again.scanned.found] == ["files/bad.pdf"]
    (many / "b.txt").write_text("alpha changed")
    changed = bring(room, many)
    assert [source.origin for source in changed.scanned.found] == ["files/b.txt", "files/bad.pdf"]
    report = carry_out(room, changed)
    assert (report.changed, report.unchanged, report.failed) == (1, 4, first.failed)
    room.check()


def test_touched_files_get_new_stamps_and_are_not_brought_again(room, many) -> None:
    carry_out(room, bring(room, many))
    before = room.check()
    for path in (many / "a.md", many / "c.jsonl"):
        path.touch()
    objects = set(room.stores.objects.keys())
    request = bring(room, many / "a.md", many / "c.jsonl")
    assert {source.content_hash for source in request.scanned.found} <= objects
    assert carry_out(room, request).unchanged == 2
    assert bring(room, many / "a.md", many / "c.jsonl").scanned.found == ()
    assert room.check() == before


def test_verify_reads_everything_again(room, many) -> None:
    carry_out(room, bring(room, many))
    request = bring(room, many, verify=True)
    assert len(request.scanned.found) == 6
    assert carry_out(room, request).unchanged == 5


def test_limits_hold_for_the_client_and_nothing_too_large_is_brought(room, files) -> None:
    (files / "large.txt").write_text("alpha " * 1000)
    (files / "small.txt").write_text("alpha")
    request = IngestRequest((str(files),), "default")
    brought = bringer(room, file_bytes=1000).bring(request, lambda _: None)
    assert [source.origin for source in brought.scanned.found] == ["files/small.txt"]
    (failure,) = brought.scanned.failures
    assert (failure.origin, failure.state, failure.code) == ("files/large.txt", FileState.FAILED, "file-too-large")
    assert len(list(room.stores.objects.keys())) == 1


def test_progress_is_told_and_an_interrupt_leaves_objects_that_a_check_removes(room, files) -> None:
    for number in range(100):
        (files / f"{number:03}.txt").write_text(f"alpha {number}")
    threads = set(threading.enumerate())
    told = []

    def interrupt(progress) -> None:
        told.append(progress)
        if len(told) == 10:
            raise KeyboardInterrupt

    with pytest.raises(RunCancelled, match="no ingest was started"):
        bringer(room).bring(IngestRequest((str(files),), "default"), interrupt)
    assert [progress.files_done for progress in told] == list(range(1, 11))
    assert told[0].files_total == 100
    assert told[0].current == "bringing files/000.txt"
    assert 0 < len(list(room.stores.objects.keys())) < 100
    until(lambda: not set(threading.enumerate()) - threads)
    check(room, mend=True)
    assert list(room.stores.objects.keys()) == []


def check(room, *, mend: bool) -> dict:
    run = room.new_run(RunKind.CHECK, CheckRequest(mend))
    return dict(CheckService(room.ledger, room.stores).execute(room.context(run)))


@pytest.fixture
def aware(room):
    """The room's stores, which know what open runs await."""
    object.__setattr__(room.stores, "awaited", lambda own: awaited(room.ledger, own))
    return room


def test_what_was_brought_for_an_open_run_is_nobodys_to_remove(aware, files) -> None:
    (files / "a.txt").write_text("alpha")
    aware.ingest(files / "a.txt")
    (files / "b.txt").write_text("alpha")
    (files / "c.txt").write_text("alpha gamma")
    request = bring(aware, files / "b.txt", files / "c.txt")
    run = aware.new_run(RunKind.INGEST, request)
    assert check(aware, mend=False)["orphan_objects"] == 0
    with pytest.raises(UserError, match="is changing the stores"):
        check(aware, mend=True)
    # The only document that these bytes stand in goes, and an ingest is still to read them.
    aware.remove(*(document.id for document in aware.stores.documents.iterate()))
    shutil.rmtree(files)
    report = from_json(IngestReport, aware.service().execute(aware.context(run)))
    assert (report.added, report.failed) == (2, 0)
    aware.check()


def test_nothing_that_was_brought_in_vain_is_left(aware, files) -> None:
    (files / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    for number in range(10):
        (files / f"{number}.txt").write_text(f"alpha {number}")
    assert carry_out(aware, bring(aware, files)).failed == 1
    aware.check()
    (files / "3.txt").write_text("alpha 4")
    (files / "4.txt").write_text("alpha 3")
    assert carry_out(aware, bring(aware, files)).changed == 2
    aware.check()


def test_bytes_that_are_gone_fail_their_file_with_a_remedy(room, files) -> None:
    (files / "a.txt").write_text("alpha")
    (files / "b.txt").write_text("alpha beta")
    request = bring(room, files)
    room.stores.objects.remove(request.scanned.found[0].content_hash)
    report = carry_out(room, request)
    assert (report.added, report.failed) == (1, 1)
    assert report.outcomes[0].remedy == "ingest it again from where it is"
    room.check()


def test_a_plan_is_made_without_bringing_anything(room, many) -> None:
    request = IngestRequest((str(many),), "default")
    plan = bringer(room).plan(request, rate=10.0)
    assert list(room.stores.objects.keys()) == []
    report = room.ingest(many)
    assert (plan.files, plan.chunks, plan.unreadable) == (8, report.chunks, report.failed)
    assert plan.seconds == pytest.approx(plan.chunks / 10, abs=0.1)
