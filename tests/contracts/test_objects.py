"""What every object store does."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from janus_lab.adapters.objects.files import open_objects
from janus_lab.errors import NotFound, UserError

ROWS = [("file", lambda folder: open_objects(f"file://{folder}/a folder/öbjects"))]
BYTES = [b"", b"one", bytes(range(256)) * 20_000]


@pytest.fixture(params=[row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def objects(request, tmp_path):
    with request.param(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("data", BYTES, ids=["empty", "short", "long"])
def test_bytes_come_back_under_their_hash(objects, data):
    key = objects.put(io.BytesIO(data))
    assert key == hashlib.sha256(data).hexdigest()
    with objects.open(key) as file:
        assert file.read() == data
    assert objects.exists(key)
    assert objects.size(key) == len(data)


def test_the_same_bytes_are_kept_once(objects):
    assert objects.put(io.BytesIO(b"same")) == objects.put(io.BytesIO(b"same"))
    assert len(list(objects.keys())) == 1


def test_what_is_not_there_is_told(objects):
    absent = "0" * 64
    assert not objects.exists(absent)
    assert not objects.remove(absent)
    for ask in (objects.open, objects.size):
        with pytest.raises(NotFound):
            ask(absent)


def test_what_is_removed_is_gone_and_can_come_back(objects):
    key = objects.put(io.BytesIO(b"once"))
    assert objects.remove(key)
    assert not objects.exists(key)
    assert list(objects.keys()) == []
    assert objects.put(io.BytesIO(b"once")) == key
    assert objects.exists(key)


def test_keys_are_all_there_are(objects):
    stored = {objects.put(io.BytesIO(str(n).encode())) for n in range(300)}
    assert set(objects.keys()) == stored


@pytest.mark.parametrize("key", ["", "..", "../../etc/passwd", "a" * 63, "A" * 64, "0" * 62 + "/x", "0" * 64 + "\n"])
def test_only_keys_are_taken(objects, key):
    for ask in (objects.open, objects.size, objects.exists, objects.remove):
        with pytest.raises(UserError):
            ask(key)


def test_many_writers_of_the_same_bytes_agree(objects):
    data = b"x" * 200_000
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: objects.put(io.BytesIO(data)), range(32)))
    assert len(keys) == 1
    assert objects.size(keys.pop()) == len(data)
