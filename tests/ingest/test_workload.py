from __future__ import annotations

import pytest

from janus_lab.ingest.workload import EACH, Workload
from janus_lab.values.ingest import FileOutcome, FileState


def outcome(origin, state=FileState.ADDED, chunks=1) -> FileOutcome:
    return FileOutcome(origin, state, chunks=chunks)


def test_a_large_file_weighs_more_than_many_small_ones() -> None:
    work = Workload([*((f"{n}.txt", 0) for n in range(9)), ("large.txt", 90 * EACH)])
    assert work.seconds_left(3.0) is None
    for number in range(9):
        work.finish(outcome(f"{number}.txt"))
    assert work.seconds_left(9.0) == pytest.approx(91.0)
    work.advance("large.txt", 81 * EACH)
    assert work.seconds_left(90.0) == pytest.approx(10.0)
    work.finish(outcome("large.txt"))
    assert work.seconds_left(100.0) == 0.0


@pytest.mark.parametrize("state", [FileState.FAILED, FileState.UNCHANGED, FileState.FLAGGED])
def test_what_takes_no_work_is_neither_done_nor_left(state) -> None:
    work = Workload([("a.txt", EACH), ("b.txt", EACH), ("huge.txt", 10**9)])
    work.finish(outcome("a.txt"))
    work.finish(outcome("huge.txt", state, chunks=0))
    assert work.seconds_left(5.0) == pytest.approx(5.0)


def test_what_was_finished_before_is_no_measure_of_this_attempt() -> None:
    work = Workload([("a.txt", 9 * EACH), ("b.txt", EACH), ("c.txt", EACH)])
    work.drop("a.txt")
    work.finish(outcome("b.txt"))
    assert work.seconds_left(4.0) == pytest.approx(4.0)


def test_more_text_than_bytes_never_makes_the_time_left_negative() -> None:
    work = Workload([("packed.docx", EACH), ("b.txt", EACH)])
    work.advance("packed.docx", 50 * EACH)
    assert work.seconds_left(2.0) == pytest.approx(2.0)
