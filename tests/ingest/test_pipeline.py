from __future__ import annotations

import json
import os
import random

import pytest

from janus_lab.errors import NotFound, RunCancelled
from janus_lab.ingest.chunker import ChunkSize
from janus_lab.runs.context import SliceOver
from janus_lab.values.codec import from_json
from janus_lab.values.event import EventKind
from janus_lab.values.filter import Condition, Operator
from janus_lab.values.ingest import FileState, IngestPlan, IngestReport
from janus_lab.values.request import IngestRequest
from janus_lab.values.run import RunKind

WORDS = ["alpha", "beta", "gamma.", "delta,", "epsilon", "zeta!"]


def prose(words: int, seed: int = 0) -> str:
    source = random.Random(seed)
    return " ".join(f"{source.choice(WORDS)}{source.randrange(100)}" for _ in range(words))


def jsonl(*numbers: int) -> str:
    return "\n".join(json.dumps({"id": n, "text": f"alpha {n} {prose(8, n)}"}) for n in numbers)


def touch_later(path, seconds: float = 5.0) -> None:
    status = path.stat()
    os.utime(path, (status.st_atime, status.st_mtime + seconds))


def test_a_folder_is_ingested_and_ingested_again_for_nothing(room, files) -> None:
    (files / "a.md").write_text(f"# Alpha\n\n{prose(200)}\n\n## Beta\n\n{prose(80)}")
    (files / "b.txt").write_text(prose(50, 1))
    (files / "c.jsonl").write_text(jsonl(*range(300)))
    (files / "empty.txt").touch()
    report = room.ingest(files)
    assert (report.added, report.failed, report.documents) == (3, 1, 302)
    assert report.chunks == report.embedded > 300
    state = room.check()
    assert {d.origin for d in state["documents"].values()} >= {"files/a.md", "files/c.jsonl#7"}
    done = len(room.backend.embedded)
    for again in (room.ingest(files), room.ingest(files, verify=True)):
        assert (again.added, again.unchanged, again.failed, again.chunks) == (0, 3, 1, 0)
    touch_later(files / "a.md")
    assert room.ingest(files).unchanged == 3
    assert len(room.backend.embedded) == done
    assert room.check() == state


def test_an_edit_embeds_only_what_it_changed(room, files) -> None:
    path = files / "a.txt"
    path.write_text("\n\n".join(prose(30, n) for n in range(40)))
    room.ingest(path)
    before = room.check()
    path.write_text(path.read_text().replace("alpha", "changed", 1))
    touch_later(path)
    report = room.ingest(path)
    after = room.check()
    assert report.changed == 1
    assert 1 <= report.embedded <= 4 < report.chunks
    assert len(before["vectors"] - after["vectors"]) <= 4
    (old,), (new,) = before["documents"].values(), after["documents"].values()
    assert old.id == new.id
    assert room.stores.documents.text(old.version_id, 0, 50) == before["texts"][old.id][:50]


def test_a_line_that_has_gone_takes_its_document_with_it(room, files) -> None:
    path = files / "c.jsonl"
    path.write_text(jsonl(1, 2, 3))
    room.ingest(path)
    path.write_text(jsonl(1, 3, 4))
    touch_later(path)
    report = room.ingest(path)
    assert report.embedded == 1
    assert sorted(d.key for d in room.check()["documents"].values()) == ["1", "3", "4"]


def test_a_file_that_has_gone_keeps_its_document(room, files) -> None:
    (files / "a.txt").write_text("alpha")
    (files / "b.txt").write_text("beta")
    room.ingest(files)
    (files / "a.txt").unlink()
    room.ingest(files)
    assert len(room.check()["documents"]) == 2


def test_new_metadata_reach_the_vectors(room, files) -> None:
    path = files / "a.md"
    path.write_text("---\nyear: 2020\n---\nalpha words")
    room.ingest(path)
    path.write_text("---\nyear: 2021\n---\nalpha words")
    touch_later(path)
    room.ingest(path)
    room.check()
    where = (Condition("year", Operator.EQUALS, 2021),)
    assert len(room.stores.vectors.search_sparse("default", "alpha", 5, where=where)) == 1


def test_other_chunk_sizes_make_unchanged_files_new(room, files) -> None:
    (files / "a.txt").write_text(prose(200))
    few = room.ingest(files).chunks
    room.size = ChunkSize(100, 0)
    report = room.ingest(files)
    assert report.changed == 1
    assert report.chunks > few
    room.check()


def test_removal_reaches_every_store_and_a_later_ingest_brings_it_back(room, files) -> None:
    (files / "a.txt").write_text("alpha")
    (files / "c.jsonl").write_text(jsonl(1, 2))
    room.ingest(files)
    state = room.check()
    ids = {d.origin: d.id for d in state["documents"].values()}
    assert room.remove(ids["files/a.txt"][:8], ids["files/c.jsonl#1"])["documents"] == 2
    assert list(room.check()["documents"]) == [ids["files/c.jsonl#2"]]
    with pytest.raises(NotFound, match="nothing was removed"):
        room.remove(ids["files/a.txt"])
    room.ingest(files)
    assert room.check() == state


def test_two_files_of_the_same_bytes_share_them_until_both_are_gone(room, files) -> None:
    (files / "a.txt").write_text("alpha")
    (files / "b.txt").write_text("alpha")
    room.ingest(files)
    first, second = room.check()["documents"]
    room.remove(first)
    room.check()
    room.remove(second)
    assert room.check()["objects"] == set()


def test_a_cancelled_removal_leaves_no_bytes_of_what_it_removed(room, files) -> None:
    for number in range(120):
        (files / f"{number}.txt").write_text(f"Note {number} speaks of alpha.")
    room.ingest(files)
    looks = iter([False, True])
    with pytest.raises(RunCancelled):
        room.remove(*(d.id for d in room.stores.documents.iterate()), cancelled=lambda: next(looks))
    assert 0 < len(room.check()["documents"]) < 120


def test_bad_files_do_not_stop_good_ones(room, files) -> None:
    (files / "bad.pdf").write_bytes(random.Random(1).randbytes(3000))
    (files / "worse.pdf").write_bytes(b"%PDF-1.4 nothing")
    (files / "blank.txt").write_text(" \n")
    (files / "good.txt").write_text("alpha")
    (files / "part.jsonl").write_text('{"id": 1, "text": "alpha"}\nnonsense\n')
    report = room.ingest(files, files / "missing.txt")
    assert (report.added, report.flagged, report.failed) == (1, 2, 3)
    assert {outcome.origin: (outcome.state, outcome.code) for outcome in report.outcomes} == {
        "files/bad.pdf": (FileState.FAILED, "corrupt-file"),
        "files/worse.pdf": (FileState.FAILED, "corrupt-file"),
        "files/missing.txt": (FileState.FAILED, "not-found"),
        "files/blank.txt": (FileState.FLAGGED, "no-text"),
        "files/part.jsonl": (FileState.FLAGGED, "partly-read"),
        "files/good.txt": (FileState.ADDED, ""),
    }
    assert all(outcome.remedy for outcome in report.outcomes if outcome.code)
    warnings = [event.data for event in room.told(report.run_id) if event.kind is EventKind.WARNING]
    assert {warning["code"] for warning in warnings} == {"corrupt-file", "not-found", "no-text", "partly-read"}
    assert len(room.check()["documents"]) == 2


def test_progress_is_told(room, files) -> None:
    (files / "c.jsonl").write_text(jsonl(*range(600)))
    report = room.ingest(files)
    told = [event.data for event in room.told(report.run_id) if event.kind is EventKind.PROGRESS]
    assert told[-1]["files_done"] == told[-1]["files_total"] == 1
    assert told[-1]["chunks_done"] == 600
    assert told[-1]["chunks_per_second"] > 0
    assert told[-1]["seconds_left"] == 0
    assert [data["chunks_done"] for data in told] == sorted(data["chunks_done"] for data in told)


def test_a_plan_writes_nothing(room, files) -> None:
    (files / "a.txt").write_text(prose(100))
    (files / "empty.txt").touch()
    run = room.new_run(RunKind.INGEST, IngestRequest((str(files),), "default", plan_only=True))
    plan = from_json(IngestPlan, room.service().execute(room.context(run)))
    assert (plan.files, plan.unchanged, plan.unreadable, plan.seconds) == (2, 0, 1, None)
    assert plan.bytes == (files / "a.txt").stat().st_size
    assert plan.chunks > 1
    assert room.check()["documents"] == {}
    assert room.backend.embedded == []
    report = room.ingest(files)
    assert report.chunks == plan.chunks


def test_a_long_document_takes_several_steps(room, files) -> None:
    (files / "long.txt").write_text(prose(20_000))
    run = room.new_run(RunKind.INGEST, IngestRequest((str(files),), "default"))
    report = from_json(IngestReport, room.service().execute(room.context(run)))
    steps = [step for step in room.ledger.steps(run.id) if "chunks" in step.effect]
    assert report.chunks == sum(step.effect["chunks"] for step in steps) > 512
    assert len(steps) >= 3
    room.check()


def test_cancelling_keeps_finished_steps_and_nothing_else(room, files) -> None:
    (files / "c.jsonl").write_text(jsonl(*range(800)))
    run = room.new_run(RunKind.INGEST, IngestRequest((str(files),), "default"))
    with pytest.raises(RunCancelled):
        room.service().execute(room.context(run, cancelled=lambda: len(room.backend.embedded) > 400))
    assert len(room.check()["documents"]) == 256
    room.service().execute(room.context(run))
    assert len(room.check()["documents"]) == 800
    assert len(room.backend.embedded) == 800


def test_a_run_in_slices_ends_like_one_without(room, files) -> None:
    (files / "c.jsonl").write_text(jsonl(*range(700)))
    (files / "d.txt").write_text(prose(300))
    run = room.new_run(RunKind.INGEST, IngestRequest((str(files),), "default"))
    slices = 0
    while True:
        slices += 1
        context = room.context(run)
        context._slice_ends = 0.0
        try:
            result = room.service().execute(context)
        except SliceOver:
            continue
        break
    report = from_json(IngestReport, result)
    assert slices > 3
    assert (report.added, report.documents, report.chunks) == (2, 701, len(room.check()["vectors"]))
    assert room.ingest(files).unchanged == 2
