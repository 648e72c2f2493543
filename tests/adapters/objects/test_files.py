"""Objects as files: whole or absent, read-only, inside their folder."""

from __future__ import annotations

import io
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from janus_lab.adapters.objects.files import open_objects
from janus_lab.errors import DataDirectoryUnusable, DiskFull
from janus_lab.values.ids import bytes_hash

WRITER = """
import io, sys
from janus_lab.adapters.objects.files import open_objects
with open_objects(sys.argv[1]) as objects:
    for n in range(200):
        objects.put(io.BytesIO(str(n).encode() * 1000))
"""


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class Broken(io.RawIOBase):
    """A source that fails after its first piece."""

    def __init__(self) -> None:
        self.pieces = 0

    def read(self, _size: int = -1) -> bytes:
        self.pieces += 1
        if self.pieces > 1:
            raise EOFError
        return b"half"


def test_objects_are_read_only_files_named_by_their_hash(tmp_path):
    with open_objects(f"file://{tmp_path}") as objects:
        key = objects.put(io.BytesIO(b"bytes"))
    (file,) = files(tmp_path)
    assert file == tmp_path / key[:2] / key[2:]
    assert stat.S_IMODE(file.stat().st_mode) == 0o400


def test_a_source_that_fails_leaves_nothing(tmp_path):
    with open_objects(f"file://{tmp_path}") as objects:
        with pytest.raises(EOFError):
            objects.put(Broken())
        assert list(objects.keys()) == []
    assert files(tmp_path) == []


def test_other_files_are_no_objects(tmp_path):
    with open_objects(f"file://{tmp_path}") as objects:
        key = objects.put(io.BytesIO(b"bytes"))
        (tmp_path / "notes.txt").write_text("x")
        (tmp_path / key[:2] / "README").write_text("x")
        assert list(objects.keys()) == [key]


def test_four_processes_write_the_same_objects(tmp_path):
    url = f"file://{tmp_path}/ein Ordner mit ünïcode"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, url]) for _ in range(4)]
    assert [writer.wait(timeout=240) for writer in writers] == [0] * 4
    with open_objects(url) as objects:
        keys = list(objects.keys())
        assert len(keys) == 200
        for key in keys:
            with objects.open(key) as file:
                assert bytes_hash(file.read()) == key
    assert len(files(tmp_path)) == 200


def test_a_folder_below_a_file_can_not_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataDirectoryUnusable), open_objects(f"file://{tmp_path}/file/objects"):
        pass


@pytest.mark.fault
def test_a_full_disk_is_told_and_leaves_nothing_half_written(small_disk):
    place, _ = small_disk("1m")
    with open_objects(f"file://{place}/objects") as objects:
        small = objects.put(io.BytesIO(b"fits"))
        with pytest.raises(DiskFull):
            objects.put(io.BytesIO(b"x" * 2_000_000))
        assert list(objects.keys()) == [small]
        assert len(files(place)) == 1
        assert objects.put(io.BytesIO(b"still works"))


@pytest.mark.fault
def test_a_read_only_disk_is_told_and_can_be_read(small_disk):
    place, lock = small_disk("1m")
    with open_objects(f"file://{place}/objects") as objects:
        key = objects.put(io.BytesIO(b"bytes"))
        lock()
        with pytest.raises(DataDirectoryUnusable):
            objects.put(io.BytesIO(b"more"))
        with pytest.raises(DataDirectoryUnusable):
            objects.remove(key)
        with objects.open(key) as file:
            assert file.read() == b"bytes"
