"""A bucket on a real server: several processes and threads, sources that change, versions."""

from __future__ import annotations

import io
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from bucket_writers import unfinished, writer

from janus_lab.adapters.objects.address import read_address
from janus_lab.adapters.objects.keys import object_name
from janus_lab.adapters.objects.minio import open_objects
from janus_lab.adapters.objects.pieces import open_source
from janus_lab.adapters.objects.upload import send_parts
from janus_lab.errors import StoreFailed
from janus_lab.values.ids import bytes_hash

LARGE = 24 << 20
WRITER = """
import io, sys
from janus_lab.adapters.objects.minio import open_objects
with open_objects(sys.stdin.readline().strip()) as objects:
    for n in range(40):
        objects.put(io.BytesIO(str(n).encode() * 1000))
    for n in range(3):
        objects.put(io.BytesIO(bytes([n]) * 6_000_000))
"""


def bytes_of(size: int, seed: int) -> bytes:
    return seed.to_bytes(4, "big") * (size // 4)


def test_four_processes_open_a_new_bucket_and_write_the_same_objects(minio_url):
    writers = [writer(WRITER, minio_url) for _ in range(4)]
    assert [process.wait(timeout=240) for process in writers] == [0] * 4
    with open_objects(minio_url) as objects:
        keys = list(objects.keys())
        assert len(keys) == 43
        for key in keys:
            with objects.open(key) as file:
                assert bytes_hash(file.read()) == key


def test_threads_put_the_same_large_object(minio_server, minio_url):
    data = bytes_of(LARGE, 7)
    with open_objects(minio_url) as objects, ThreadPoolExecutor(4) as pool:
        keys = set(pool.map(lambda _: objects.put(io.BytesIO(data)), range(4)))
        assert keys == {bytes_hash(data)}
        assert objects.size(keys.pop()) == LARGE
    assert unfinished(minio_server) == []


@pytest.mark.parametrize("size", [LARGE, LARGE - (1 << 20)])
def test_a_source_that_changes_while_it_is_read_is_refused(minio_server, minio_url, size):
    class Changing(io.BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            self.getbuffer()[LARGE // 2] = 1
            self.truncate(size)
            return super().seek(offset, whence)

    with open_objects(minio_url) as objects:
        with pytest.raises(StoreFailed, match="changed"):
            objects.put(Changing(bytes(LARGE)))
        assert list(objects.keys()) == []
    assert unfinished(minio_server) == []


def test_a_source_is_stored_from_where_it_is(minio_url):
    data = os.urandom(LARGE)
    source = io.BytesIO(data)
    source.seek(1000)
    with open_objects(minio_url) as objects:
        assert objects.put(source) == bytes_hash(data[1000:])


def test_parts_are_signed_where_the_wire_is_not_safe(minio_url):
    data = os.urandom(LARGE)
    with open_objects(minio_url) as objects, open_source(io.BytesIO(data)) as source:
        send_parts(objects._client, objects._bucket, object_name(source.key), source, signed=True)
        assert objects.open(source.key).read() == data


@pytest.mark.parametrize(
    ("server", "safe"),
    [
        ("127.0.0.1:9000", True),
        ("[::1]:9000", True),
        ("localhost", True),
        ("store.example:9000", True),
        ("store.example:9000?tls=off", False),
        ("10.0.0.7?tls=off", False),
    ],
)
def test_which_wires_are_safe(server, safe):
    server, _, options = server.partition("?")
    assert read_address(f"s3://key:secret@{server}/bucket?{options}").safe_transport is safe


def test_other_objects_are_none_of_ours(minio_url):
    with open_objects(minio_url) as objects:
        key = objects.put(io.BytesIO(b"ours"))
        objects._client.put_object(objects._bucket, "notes/read me.txt", io.BytesIO(b"x"), 1)
        assert list(objects.keys()) == [key]


def test_versions_go_with_the_object(minio_url):
    with open_objects(minio_url + "?versioning=on") as objects:
        key = objects.put(io.BytesIO(b"bytes"))
        name = f"{key[:2]}/{key[2:]}"
        objects._client.put_object(objects._bucket, name, io.BytesIO(b"bytes"), 5)
        objects._client.remove_object(objects._bucket, name)
        assert not objects.exists(key)
        assert objects.put(io.BytesIO(b"bytes")) == key
        assert objects.remove(key)
        assert list(objects._client.list_objects(objects._bucket, recursive=True, include_version=True)) == []
    with open_objects(minio_url + "?versioning=off") as objects:
        assert objects._client.get_bucket_versioning(objects._bucket).status == "Suspended"
        assert objects.remove(objects.put(io.BytesIO(b"bytes")))
        assert list(objects._client.list_objects(objects._bucket, recursive=True, include_version=True)) == []
