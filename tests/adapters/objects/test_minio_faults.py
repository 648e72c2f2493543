"""A bucket on a server that is killed, slow, silent or full, and writers that die: whole objects or none."""

from __future__ import annotations

import io
import os
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import urllib3
from bucket_writers import unfinished, writer
from native_stack import minio as native_minio
from native_stack.engine import Engine
from waiting import until

from janus_lab.adapters.objects import s3_client
from janus_lab.adapters.objects.minio import open_objects
from janus_lab.errors import DiskFull, StoreUnreachable
from janus_lab.values.ids import bytes_hash

LARGE = 24 << 20
ONE_LARGE = """
import io, sys, time
from janus_lab.adapters.objects.minio import open_objects
class Held(io.BytesIO):
    again = False
    def seek(self, offset, whence=0):
        self.again = True
        return super().seek(offset, whence)
    def read(self, size=-1):
        if self.again and self.tell() > 100_000_000:
            time.sleep(600)
        return super().read(size)
with open_objects(sys.stdin.readline().strip()) as objects:
    objects.put(Held(bytes(range(256)) * 800_000))
"""


def wait_for_replies(objects, seconds: float) -> None:
    """For so long at most, from the next request on."""
    pools = objects._client._http.pools
    for key in pools.keys():  # noqa: SIM118 - it can't be iterated over
        pools[key].timeout = urllib3.Timeout(connect=s3_client.CONNECT_SECONDS, read=seconds)


def bytes_of(size: int, seed: int) -> bytes:
    return seed.to_bytes(4, "big") * (size // 4)


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
    until(lambda: not unfinished(minio_server))


@pytest.mark.fault
def test_a_writer_killed_in_mid_upload_leaves_nothing_once_the_object_is_there(minio_server, minio_url):
    with open_objects(minio_url) as objects:
        process = writer(ONE_LARGE, minio_url)
        try:
            until(lambda: unfinished(minio_server))
        finally:
            process.kill()
            process.wait()
        assert list(objects.keys()) == []
        assert unfinished(minio_server)
        key = objects.put(io.BytesIO(bytes(range(256)) * 800_000))
        assert list(objects.keys()) == [key]
    until(lambda: not unfinished(minio_server))


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


@pytest.mark.fault
def test_a_slow_server_is_waited_for(minio_url, proxied):
    data = os.urandom(200_000)
    proxy = proxied(minio_url)
    proxy.delay(0.05)
    with open_objects(proxy.url) as objects:
        key = objects.put(io.BytesIO(data))
        assert objects.open(key).read() == data


@pytest.mark.fault
def test_a_silent_server_is_given_up(minio_url, proxied):
    proxy = proxied(minio_url)
    with open_objects(proxy.url) as objects:
        pools = objects._client._http.pools
        assert [pools[key].timeout.read_timeout for key in pools.keys()] == [s3_client.REPLY_SECONDS]  # noqa: SIM118
        proxy.hang()
        wait_for_replies(objects, 0.3)
        started = time.monotonic()
        with pytest.raises(StoreUnreachable):
            objects.exists("0" * 64)
        assert time.monotonic() < started + s3_client.REPLY_SECONDS
        proxy.heal()
        wait_for_replies(objects, s3_client.REPLY_SECONDS)
        assert not objects.exists("0" * 64)


@pytest.mark.fault
def test_broken_connections_are_made_again(minio_url, proxied):
    data = os.urandom(LARGE)
    proxy = proxied(minio_url)
    with open_objects(proxy.url) as objects, objects.open(objects.put(io.BytesIO(data))) as file:
        start = file.read(1 << 20)
        proxy.cut()
        assert start + file.read() == data
        proxy.cut()
        assert len(list(objects.keys())) == 1


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

        def fits_again() -> bool:
            with suppress(DiskFull):
                return bool(objects.put(io.BytesIO(b"fits again")))
            return False

        # MinIO looks at its disk now and then only, and refuses for as long as it believes what it saw.
        until(fits_again)
