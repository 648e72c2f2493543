from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from janus_lab.adapters.backend.prepared import prepared
from janus_lab.errors import DiskFull, ModelFailed

RACER = """
import sys, time
from pathlib import Path
from janus_lab.adapters.backend.prepared import prepared

cache = Path(sys.argv[1])

def make(path):
    with (cache / "made").open("a") as count:
        count.write("x")
    path.write_text("half")
    time.sleep(0.5)
    path.write_text("whole")

print(prepared(cache, "model", make).read_text())
"""


def test_a_file_is_made_once_and_then_found(tmp_path):
    cache = tmp_path / "new" / "cache"
    first = prepared(cache, "model", lambda path: path.write_text("one") and None)
    again = prepared(cache, "model", lambda path: path.write_text("two") and None)
    assert first == again == cache / "model"
    assert again.read_text() == "one"


def test_processes_that_race_make_it_once_and_see_it_whole(tmp_path):
    racers = [
        subprocess.Popen([sys.executable, "-c", RACER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [r.communicate(timeout=120)[0] for r in racers] == ["whole\n"] * 3
    assert (tmp_path / "made").read_text() == "x"


def test_a_maker_that_fails_leaves_nothing(tmp_path):
    def fails(path):
        path.write_text("half")
        raise ModelFailed("no", remedy="repeat")

    with pytest.raises(ModelFailed):
        prepared(tmp_path, "model", fails)
    assert [f.name for f in tmp_path.iterdir() if not f.name.endswith(".lock")] == []
    assert prepared(tmp_path, "model", lambda path: path.write_text("x") and None).is_file()


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelFailed, match="can't be written") as caught:
        prepared(tmp_path / "file", "model", lambda path: None)
    assert "model_cache" in caught.value.remedy


def test_a_full_disk_is_told_before_anything_is_written(tmp_path):
    with pytest.raises(DiskFull) as caught:
        prepared(tmp_path, "model", lambda path: path.write_text("x") and None, room=2**62)
    assert "model_cache" in caught.value.remedy
    assert not (tmp_path / "model").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_disk_that_fills_up_meanwhile_is_told_too(tmp_path):
    def fills(path):
        path.write_text("half")
        with Path("/dev/full").open("w") as full:
            full.write("x" * 100_000)

    with pytest.raises(DiskFull):
        prepared(tmp_path, "model", fills)
    assert [f.name for f in tmp_path.iterdir() if not f.name.endswith(".lock")] == []
