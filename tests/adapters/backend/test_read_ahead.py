from __future__ import annotations

import pytest

from janus_lab.adapters.backend import read_ahead
from janus_lab.errors import RunCancelled


class Wanted:
    def __init__(self, times):
        self.left, self.asked = times, 0

    def __call__(self):
        self.asked += 1
        if self.asked > self.left:
            raise RunCancelled("enough", remedy="repeat")


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(read_ahead, "PIECE_BYTES", 1 << 16)
    for name, size in {"a": 300_000, "b": 10, "empty": 0}.items():
        (tmp_path / name).write_bytes(b"x" * size)
    return [tmp_path / name for name in ("a", "empty", "missing", "b")]


def test_files_are_read_in_pieces_and_what_is_none_is_passed_over(files):
    wanted = Wanted(100)
    read_ahead.read_ahead(files, wanted)
    assert wanted.asked == 5 + 1


def test_it_ends_between_two_pieces(files):
    with pytest.raises(RunCancelled):
        read_ahead.read_ahead(files, Wanted(3))
