"""What every object store does."""

from __future__ import annotations

import hashlib
import io
import time
import urllib.error
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from janus_lab.adapters.objects.files import open_objects
from janus_lab.adapters.objects.minio import open_objects as open_bucket
from janus_lab.errors import NotFound, UserError
from janus_lab.ports.objects import SupportsLinks

ROWS = [
    ("file", lambda folder, _: open_objects(f"file://{folder}/a folder/öbjects")),
    ("minio", lambda _, url_of: open_bucket(url_of("minio_url"))),
    ("minio, keeping versions", lambda _, url_of: open_bucket(url_of("minio_url") + "?versioning=on")),
]
BYTES = [b"", b"one", bytes(range(256)) * 50_000, b"5" * (5 << 20)]


@pytest.fixture(params=[row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def objects(request, tmp_path):
    with request.param(tmp_path, request.getfixturevalue) as opened:
        yield opened


class Trickle(io.RawIOBase):
    """A source of a length nobody knows beforehand, which gives less than is asked for and can't go back."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int = -1) -> bytes:
        amount = 70_001 if size < 0 else min(size, 70_001)
        piece, self._data = self._data[:amount], self._data[amount:]
        return piece


@pytest.mark.parametrize("data", BYTES, ids=["empty", "short", "long", "one part"])
def test_bytes_come_back_under_their_hash(objects, data):
    key = objects.put(io.BytesIO(data))
    assert key == hashlib.sha256(data).hexdigest()
    with objects.open(key) as file:
        assert file.read() == data
    assert objects.exists(key)
    assert objects.size(key) == len(data)


@pytest.mark.parametrize("data", BYTES, ids=["empty", "short", "long", "one part"])
def test_a_stream_of_unknown_length_is_kept(objects, data):
    key = objects.put(Trickle(data))
    assert key == hashlib.sha256(data).hexdigest()
    with objects.open(key) as file:
        assert file.read() == data


def test_a_stream_that_breaks_leaves_nothing(objects):
    class Broken(Trickle):
        def read(self, size: int = -1) -> bytes:
            return super().read(size) or (_ for _ in ()).throw(EOFError)

    with pytest.raises(EOFError):
        objects.put(Broken(BYTES[2]))
    assert list(objects.keys()) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.integers(-9000, 9000), st.integers(0, 400_000))))
def test_readers_seek_as_in_a_file(objects, moves):
    data = BYTES[2][:1_000_003]
    key = objects.put(io.BytesIO(data))
    with objects.open(key) as file, io.BytesIO(data) as model:
        assert file.seekable()
        for whence, offset, amount in moves:
            step = max(offset, 0 if whence == 0 else -model.tell() if whence == 1 else -len(data))
            assert file.seek(step, whence) == model.seek(step, whence)
            assert file.read(amount) == model.read(amount)
            assert file.tell() == model.tell()


def test_an_archive_is_read_in_place(objects):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        for n in range(20):
            made.writestr(f"{n}.txt", str(n) * 50_000)
    archive.seek(0)
    with objects.open(objects.put(archive)) as file, zipfile.ZipFile(file) as opened:
        assert opened.read("13.txt") == b"13" * 50_000


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


@pytest.fixture
def linking(objects):
    if not isinstance(objects, SupportsLinks):
        pytest.skip("gives no links")
    return objects


def fetch(link: str) -> tuple[int, bytes, str]:
    try:
        with urllib.request.urlopen(link, timeout=60) as answer:
            return answer.status, answer.read(), answer.headers["content-disposition"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b"", ""


def test_a_link_gives_one_object_until_it_ends(linking):
    key = linking.put(io.BytesIO(b"<script>alert(1)</script>"))
    other = linking.put(io.BytesIO(b"other"))
    link = linking.link(key, seconds=600, filename='../Bericht "ä".html')
    status, data, disposition = fetch(link)
    assert (status, data) == (200, b"<script>alert(1)</script>")
    assert disposition == "attachment; filename*=UTF-8''.._Bericht%20%22%C3%A4%22.html"
    assert fetch(link.replace(key[2:], other[2:]).replace(f"/{key[:2]}/", f"/{other[:2]}/"))[0] == 403
    brief = linking.link(key, seconds=1, filename="x")
    started = time.monotonic()
    while fetch(brief)[0] == 200:
        assert time.monotonic() < started + 60
        time.sleep(0.1)
    assert fetch(brief)[0] == 403
    assert fetch(link)[0] == 200


@pytest.mark.parametrize("seconds", [-1, 0, 7 * 24 * 3600 + 1])
def test_a_link_has_a_bounded_time(linking, seconds):
    key = linking.put(io.BytesIO(b"bytes"))
    with pytest.raises(UserError):
        linking.link(key, seconds=seconds, filename="x")


def test_there_is_no_link_to_what_is_not_there(linking):
    with pytest.raises(NotFound):
        linking.link("0" * 64, seconds=60, filename="x")
