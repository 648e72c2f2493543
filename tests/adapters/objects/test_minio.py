"""A bucket on a real server: several processes, killed servers and writers, refused keys, slow and full servers."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from minio import MinioAdmin
from minio.credentials.providers import StaticProvider
from native_stack import minio as native_minio
from native_stack.engine import Engine

from janus_lab.adapters.objects import s3_client
from janus_lab.adapters.objects.address import read_address
from janus_lab.adapters.objects.keys import object_name
from janus_lab.adapters.objects.minio import open_objects
from janus_lab.adapters.objects.minio_checks import checks
from janus_lab.adapters.objects.pieces import open_source
from janus_lab.adapters.objects.upload import send_parts
from janus_lab.errors import AccessDenied, DiskFull, SettingsError, StoreFailed, StoreUnreachable
from janus_lab.values.health import Verdict
from janus_lab.values.ids import bytes_hash

LARGE = 24 << 20
READING = ("GetBucketLocation", "GetObject", "ListBucket", "ListBucketVersions")
WRITER = """
import io, sys
from janus_lab.adapters.objects.minio import open_objects
with open_objects(sys.stdin.readline().strip()) as objects:
    for n in range(40):
        objects.put(io.BytesIO(str(n).encode() * 1000))
    for n in range(3):
        objects.put(io.BytesIO(bytes([n]) * 6_000_000))
"""
ONE_LARGE = """
import io, sys
from janus_lab.adapters.objects.minio import open_objects
with open_objects(sys.stdin.readline().strip()) as objects:
    objects.put(io.BytesIO(bytes(range(256)) * 800_000))
"""


def bytes_of(size: int, seed: int) -> bytes:
    return seed.to_bytes(4, "big") * (size // 4)


def writer(program: str, url: str) -> subprocess.Popen[str]:
    """A process of its own; the URL, which has the secret, is not among its arguments."""
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(url + "\n")
    process.stdin.close()
    return process


def unfinished(engine: Engine) -> list[Path]:
    """Uploads in parts that the server has in hand."""
    folder = engine.folder / "data" / ".minio.sys" / "multipart"
    return [path for path in folder.glob("*/*") if path.is_dir()]


def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def with_credentials(url: str, user: str, secret: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{user}:{secret}@{parts.hostname}:{parts.port}").geturl()


@pytest.fixture
def stranger(minio_url: str) -> Callable[..., str]:
    """Makes a user of the server who may do these acts, and gives the URL with that user's key."""
    parts = urlsplit(minio_url)
    admin = MinioAdmin(
        endpoint=f"{parts.hostname}:{parts.port}",
        credentials=StaticProvider(parts.username or "", parts.password or ""),
        secure=False,
    )

    def make(*actions: str) -> str:
        name = f"user-{uuid.uuid4().hex[:12]}"
        admin.user_add(name, "a-long-secret")
        if actions:
            allowed = {"Effect": "Allow", "Action": [f"s3:{act}" for act in actions], "Resource": ["arn:aws:s3:::*"]}
            admin.policy_add(name, policy={"Version": "2012-10-17", "Statement": [allowed]})
            admin.policy_set(name, user=name)
        return with_credentials(minio_url, name, "a-long-secret")

    return make


@contextmanager
def proxy(url: str, *, delay: float) -> Iterator[str]:
    """The server behind a wire that holds every piece for so many seconds."""
    parts = urlsplit(url)
    listener = socket.create_server(("127.0.0.1", 0))
    open_sockets: list[socket.socket] = [listener]

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(1 << 16):
                time.sleep(delay)
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection((parts.hostname, parts.port))
                open_sockets.extend((near, far))
                threading.Thread(target=carry, args=(near, far), daemon=True).start()
                threading.Thread(target=carry, args=(far, near), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{listener.getsockname()[1]}").geturl()
    finally:
        for opened in open_sockets:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()


def test_four_processes_open_a_new_bucket_and_write_the_same_objects(minio_url):
    writers = [writer(WRITER, minio_url) for _ in range(4)]
    assert [process.wait(timeout=120) for process in writers] == [0] * 4
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


@pytest.mark.fault
@pytest.mark.parametrize("moment", range(3))
def test_a_server_killed_in_mid_upload_has_the_object_whole_or_not_at_all(minio_server, minio_url, moment):
    data = bytes_of(LARGE, moment + 100)
    key = bytes_hash(data)
    with open_objects(minio_url) as objects:
        before = objects.put(io.BytesIO(b"before"))
        outcome: list[object] = []

        def put() -> None:
            try:
                outcome.append(objects.put(io.BytesIO(data)))
            except StoreUnreachable as error:
                outcome.append(error)

        thread = threading.Thread(target=put)
        thread.start()
        until(lambda: outcome or unfinished(minio_server))
        time.sleep(0.03 * moment)
        minio_server.kill()
        minio_server.restart()
        thread.join(120)
        assert len(outcome) == 1
        if objects.exists(key):
            assert objects.size(key) == LARGE
        assert objects.put(io.BytesIO(data)) == key
        with objects.open(key) as file:
            assert bytes_hash(file.read()) == key
        assert set(objects.keys()) == {before, key}
    assert unfinished(minio_server) == []


@pytest.mark.fault
def test_a_writer_killed_in_mid_upload_leaves_nothing_once_the_object_is_there(minio_server, minio_url):
    with open_objects(minio_url) as objects:
        process = writer(ONE_LARGE, minio_url)
        until(lambda: unfinished(minio_server))
        process.kill()
        process.wait()
        assert list(objects.keys()) == []
        assert unfinished(minio_server)
        key = objects.put(io.BytesIO(bytes(range(256)) * 800_000))
        assert list(objects.keys()) == [key]
    assert unfinished(minio_server) == []


@pytest.mark.fault
def test_a_reader_goes_on_after_a_restart(minio_server, minio_url):
    data = os.urandom(LARGE)
    with open_objects(minio_url) as objects, objects.open(objects.put(io.BytesIO(data))) as file:
        start = file.read(1 << 20)
        minio_server.kill()
        minio_server.restart()
        assert start + file.read() == data


@pytest.mark.fault
def test_one_store_survives_a_server_that_was_down(minio_server, minio_url):
    with open_objects(minio_url) as objects:
        key = objects.put(io.BytesIO(b"bytes"))
        minio_server.kill()
        with pytest.raises(StoreUnreachable) as caught:
            objects.exists(key)
        minio_server.restart()
        assert objects.exists(key)
        with objects.open(key) as file:
            assert file.read() == b"bytes"
    parts = urlsplit(minio_url)
    assert parts.password not in "".join(caught.value.lines()) + repr(objects._address)


@pytest.mark.parametrize(("user", "secret"), [("", "wrong-secret"), ("nobody", "wrong-secret")])
def test_a_wrong_key_is_told_apart(minio_url, user, secret):
    url = with_credentials(minio_url, user or urlsplit(minio_url).username or "", secret)
    with pytest.raises(AccessDenied, match="key or the secret") as caught, open_objects(url):
        pass
    assert secret not in "".join(caught.value.lines())
    assert [check.verdict for check in checks(url)][-1] is Verdict.FAILED


def test_a_key_that_may_not_make_the_bucket(minio_url, stranger):
    with pytest.raises(AccessDenied), open_objects(stranger()):
        pass
    with pytest.raises(AccessDenied, match="may not make it"), open_objects(stranger(*READING)):
        pass


def test_a_key_that_may_only_read(minio_url, stranger):
    with open_objects(minio_url) as objects:
        key = objects.put(io.BytesIO(b"bytes"))
    url = stranger(*READING)
    with open_objects(url) as objects:
        assert objects.open(key).read() == b"bytes"
        for act in (lambda: objects.put(io.BytesIO(b"more")), lambda: objects.remove(key)):
            with pytest.raises(AccessDenied, match="may not do this"):
                act()
        assert objects.exists(key)
    failed = [check for check in checks(url) if check.verdict is Verdict.FAILED]
    assert len(failed) == 1
    assert "write" in failed[0].remedy


def test_clocks_that_differ_are_told(minio_url, monkeypatch):
    monkeypatch.setattr("minio.time.utcnow", lambda: datetime.now(UTC) - timedelta(hours=2))
    with pytest.raises(AccessDenied, match="clock") as caught, open_objects(minio_url):
        pass
    assert "timedatectl" in caught.value.remedy


def test_a_clock_that_differs_is_seen_by_the_doctor(minio_url, monkeypatch):
    now = time.time()
    monkeypatch.setattr("janus_lab.adapters.objects.minio_checks.time.time", lambda: now - 300)
    clock = next(check for check in checks(minio_url) if check.name.endswith("clock"))
    assert clock.verdict is Verdict.WARNING
    assert "behind" in clock.detail


def test_the_doctor_finds_a_healthy_server(minio_url):
    assert any("no bucket" in check.detail for check in checks(minio_url))
    with open_objects(minio_url) as objects:
        found = checks(minio_url)
        assert [check.verdict for check in found] == [Verdict.OK] * 4
        assert "GiB free" in found[-1].detail
        assert list(objects.keys()) == []
    assert urlsplit(minio_url).password not in json.dumps([check.detail + check.remedy for check in found])


@pytest.mark.parametrize(
    "url",
    [
        "s3://127.0.0.1:9000/bucket",
        "s3://key@127.0.0.1:9000/bucket",
        "s3://key:hush-hush@/bucket",
        "s3://key:hush-hush@127.0.0.1:port/bucket",
        "s3://key:hush-hush@127.0.0.1:9000/",
        "s3://key:hush-hush@127.0.0.1:9000/Bucket",
        "s3://key:hush-hush@127.0.0.1:9000/a",
        "s3://key:hush-hush@127.0.0.1:9000/bu..cket",
        "s3://key:hush-hush@127.0.0.1:9000/bucket/folder",
        "s3://key:hush-hush@127.0.0.1:9000/bucket?tls=maybe",
        "s3://key:hush-hush@127.0.0.1:9000/bucket?colour=red",
    ],
)
def test_an_address_that_means_nothing_is_told(url):
    with pytest.raises(SettingsError) as caught, open_objects(url):
        pass
    assert "hush" not in caught.value.message
    assert [check.verdict for check in checks(url)] == [Verdict.FAILED]


def test_what_is_no_object_store_is_told(server_redis_url):
    parts = urlsplit(server_redis_url)
    with (
        pytest.raises((StoreFailed, StoreUnreachable)),
        open_objects(f"s3://key:secret@127.0.0.1:{parts.port}/bucket"),
    ):
        pass


@pytest.mark.fault
def test_a_slow_server_is_waited_for(minio_url):
    data = os.urandom(200_000)
    with proxy(minio_url, delay=0.05) as slow, open_objects(slow) as objects:
        key = objects.put(io.BytesIO(data))
        assert objects.open(key).read() == data


@pytest.mark.fault
def test_a_silent_server_is_given_up(minio_url, monkeypatch):
    monkeypatch.setattr(s3_client, "REPLY_SECONDS", 0.3)
    started = time.monotonic()
    with pytest.raises(StoreUnreachable), proxy(minio_url, delay=5) as silent, open_objects(silent):
        pass
    assert time.monotonic() < started + 10


@pytest.mark.fault
def test_a_full_server_is_told_and_goes_on_when_there_is_room(small_disk, tmp_path, minio_server):
    place, _ = small_disk("64m")
    with Engine(native_minio, place) as engine, open_objects(engine.url) as objects:
        small = objects.put(io.BytesIO(b"fits"))
        filler = place / "filler"
        with suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(bytes(1 << 20))
        with pytest.raises(DiskFull):
            objects.put(io.BytesIO(os.urandom(8 << 20)))
        assert list(objects.keys()) == [small]
        filler.unlink()
        assert objects.put(io.BytesIO(b"fits again"))
