"""Runs that change the stores at the same time: on one document one after the other, on different ones side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from janus_lab.inference.index_models import IndexEmbedders
from janus_lab.values.ingest import FileState


def between(room, act: Callable[[], None]) -> None:
    """Do `act` once, in the midst of the next ingest: originals are kept, nothing is published yet."""
    inner = room.stores.embedders
    pending = [act]

    def embedder(_name=""):
        if pending:
            pending.pop()()
        return inner.chosen()

    object.__setattr__(room.stores, "embedders", IndexEmbedders(embedder))


def ids(room) -> dict[str, str]:
    return {document.origin: document.id for document in room.stores.documents.iterate()}


def test_bytes_that_another_run_drops_before_they_are_published_are_stored_again(room, files) -> None:
    (files / "a.txt").write_text("alpha")
    room.ingest(files / "a.txt")
    (files / "b.txt").write_text("alpha")
    gone: list[bool] = []

    def remove_the_other() -> None:
        room.remove(ids(room)["files/a.txt"])
        gone.append(not list(room.stores.objects.keys()))

    between(room, remove_the_other)
    assert room.ingest(files / "b.txt").added == 1
    assert gone == [True]
    state = room.check()
    assert len(state["documents"]) == len(state["objects"]) == 1


def test_a_document_that_is_ingested_anew_before_it_is_removed_leaves_no_bytes(room, files) -> None:
    (files / "a.txt").write_text("alpha")
    room.ingest(files / "a.txt")
    pending = ["beta"]

    def ingested_anew() -> bool:
        if pending:
            (files / "a.txt").write_text(pending.pop())
            assert room.ingest(files / "a.txt").changed == 1
        return False

    room.remove(ids(room)["files/a.txt"], cancelled=ingested_anew)
    assert not room.check()["documents"]
    assert not list(room.stores.objects.keys())


@pytest.mark.parametrize("change", [lambda path: path.write_text("something else"), lambda path: path.unlink()])
def test_a_source_whose_bytes_are_gone_for_good_fails_alone(room, files, change) -> None:
    (files / "a.txt").write_text("alpha")
    room.ingest(files / "a.txt")
    for name, text in (("b.txt", "alpha"), ("c.txt", "alpha beta")):
        (files / name).write_text(text)

    def remove_and_change() -> None:
        room.remove(ids(room)["files/a.txt"])
        change(files / "b.txt")

    between(room, remove_and_change)
    report = room.ingest(files / "b.txt", files / "c.txt")
    assert (report.added, report.failed) == (1, 1)
    assert report.outcomes[0].state is FileState.FAILED
    assert [document.origin for document in room.check()["documents"].values()] == ["files/c.txt"]


def test_two_runs_of_one_document_at_once_end_like_one(room, files) -> None:
    (files / "a.txt").write_text("alpha " * 400)
    between(room, lambda: room.ingest(files))
    report = room.ingest(files)
    assert (report.added, report.failed) == (1, 0)
    state = room.check()
    assert len(state["documents"]) == 1
    assert room.ingest(files).unchanged == 1
    assert room.check() == state


def test_an_edit_in_the_midst_of_an_ingest_leaves_one_version_of_the_document(room, files) -> None:
    (files / "a.txt").write_text("alpha one")
    room.ingest(files)
    (files / "a.txt").write_text("alpha two")

    def edit() -> None:
        (files / "a.txt").write_text("alpha number three")
        room.ingest(files)

    between(room, edit)
    room.ingest(files)
    assert len(room.check()["documents"]) == 1
    room.ingest(files, verify=True)
    (document,) = room.check()["documents"].values()
    assert room.stores.documents.text(document.version_id, 0, 100) == "alpha number three"


def test_ingests_and_removals_side_by_side_leave_stores_that_agree(room, files) -> None:
    for number in range(30):
        (files / f"{number}.txt").write_text(f"alpha {number % 3}")
    wrong: list[BaseException] = []

    def repeatedly(act: Callable[[], object]) -> Callable[[], None]:
        def acting() -> None:
            until = time.monotonic() + 3
            while time.monotonic() < until:
                try:
                    act()
                except BaseException as error:  # noqa: BLE001 - told by the thread that waits
                    wrong.append(error)
                    return

        return acting

    def remove_some() -> None:
        present = ids(room)
        if present:
            room.remove(*list(present.values())[:7])

    threads = [threading.Thread(target=repeatedly(act)) for act in (lambda: room.ingest(files), remove_some)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    room.check()
    room.ingest(files)
    assert len(room.check()["documents"]) == 30
