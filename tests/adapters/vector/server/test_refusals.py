"""A server that is away, slow, full, old, or does not let us in: our errors, in time, and the same object goes on."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import grpc
import numpy as np
import pytest
from qdrant_stand_in.faults import Faults

from janus_lab.adapters.vector.server.refusals import translated
from janus_lab.adapters.vector.server.store import open_vectors
from janus_lab.adapters.vector.words import Words
from janus_lab.errors import AccessDenied, DiskFull, EngineTooOld, SettingsError, StoreFailed, StoreUnreachable

FULL = "Service internal error: No space left on device: WAL buffer size exceeds available disk space"
ONES = np.ones(16, np.float32)


@pytest.fixture
def vectors(qdrant_stand_in_url):
    with open_vectors(qdrant_stand_in_url) as opened:
        opened.ensure("home", 16)
        yield opened


def key_of(url: str) -> str:
    return urlsplit(url).password


def test_a_wrong_key_is_told_at_once(qdrant_stand_in_url):
    for url in (
        qdrant_stand_in_url.replace(key_of(qdrant_stand_in_url), "wr0ng"),
        f"qdrant://{qdrant_stand_in_url.rpartition('@')[2]}",
    ):
        with pytest.raises(AccessDenied) as caught, open_vectors(url):
            pass
        assert "wr0ng" not in "".join(caught.value.lines())


@pytest.mark.parametrize(
    "refusal",
    [
        (401, "Invalid API key or JWT", AccessDenied),
        (403, "Forbidden: Global manage access is required", AccessDenied),
        (500, FULL, DiskFull),
        (507, "Insufficient storage", DiskFull),
        (500, "Service internal error: task panicked", StoreFailed),
        (400, "Wrong input", StoreFailed),
        (429, "too many", StoreUnreachable),
        (503, "Service unavailable", StoreUnreachable),
    ],
    ids=lambda refusal: f"{refusal[0]} {refusal[1][:24]}",
)
def test_refusals_of_a_write_are_ours_and_it_goes_on_afterwards(vectors, qdrant_faults, point, refusal):
    status, message, error = refusal
    qdrant_faults(Faults(status=status, message=message, path="/points"))
    with pytest.raises(error) as caught:
        vectors.upsert("home", [point("a")])
    assert type(caught.value) is error
    assert caught.value.__cause__ is not None
    qdrant_faults(Faults())
    vectors.upsert("home", [point("a")])
    assert vectors.count("home") == 1


@pytest.mark.parametrize("after", [False, True], ids=["refused", "done and not confirmed"])
def test_a_moment_of_weakness_is_not_noticed(vectors, qdrant_faults, point, after):
    qdrant_faults(Faults(status=503, path="/points", times=2, after=after))
    vectors.upsert("home", [point("a"), point("b")])
    assert vectors.count("home") == 2
    qdrant_faults(Faults(status=502, path="/points/query", times=3))
    assert len(vectors.search_both("home", ONES, "quokka", 5)[1]) == 2


def test_a_collection_whose_making_was_not_confirmed_is_taken_as_made(qdrant_stand_in_url, qdrant_faults, point):
    with open_vectors(qdrant_stand_in_url) as vectors:
        qdrant_faults(Faults(status=503, path="-g1", times=1, after=True))
        vectors.ensure("home", 16)
        qdrant_faults(Faults())
        vectors.upsert("home", [point("a")])
        assert vectors.collections() == ["home"]


@pytest.mark.parametrize("version", ["1.11.5", "0.9.0", "", "unknown"])
def test_an_old_server_is_told(qdrant_stand_in_url, qdrant_faults, version):
    qdrant_faults(Faults(version=version))
    with pytest.raises(EngineTooOld), open_vectors(qdrant_stand_in_url):
        pass


@pytest.mark.parametrize("version", ["1.12.0", "1.16.3", "1.19.1", "v1.13.0-dev", "2.0.0"])
def test_newer_servers_are_taken(qdrant_stand_in_url, qdrant_faults, version):
    qdrant_faults(Faults(version=version))
    with open_vectors(qdrant_stand_in_url) as vectors:
        assert vectors.collections() == []


def test_nobody_there(qdrant_stand_in_url):
    nowhere = qdrant_stand_in_url.replace(f":{urlsplit(qdrant_stand_in_url).port}", ":1")
    started = time.monotonic()
    with pytest.raises(StoreUnreachable) as caught, open_vectors(nowhere):
        pass
    assert time.monotonic() - started < 60
    assert key_of(nowhere) not in "".join(caught.value.lines())


def test_somebody_else_there(server_redis_url):
    parts = urlsplit(server_redis_url)
    with pytest.raises((StoreUnreachable, StoreFailed)), open_vectors(f"qdrant://{parts.hostname}:{parts.port}"):
        pass


def test_a_slow_server_is_not_waited_for_for_ever(qdrant_stand_in_url, qdrant_faults, point):
    hasty_url = f"{qdrant_stand_in_url}&timeout_seconds=5"
    with open_vectors(qdrant_stand_in_url) as vectors, open_vectors(hasty_url) as hasty:
        vectors.ensure("home", 16)
        qdrant_faults(Faults(delay_seconds=90))
        started = time.monotonic()
        with pytest.raises(StoreUnreachable):
            hasty.upsert("home", [point("a")])
        assert time.monotonic() - started < 45
        qdrant_faults(Faults())
        vectors.upsert("home", [point("a")])
        assert vectors.count("home") == 1


def test_connections_that_break_are_made_again(qdrant_stand_in_url, proxied, point):
    proxy = proxied(qdrant_stand_in_url)
    with open_vectors(proxy.url) as vectors:
        vectors.ensure("home", 16)
        vectors.upsert("home", [point("a")])
        proxy.cut()
        assert vectors.count("home") == 1
        vectors.upsert("home", [point("b")])
        assert vectors.count("home") == 2


@pytest.mark.fault
def test_a_server_that_was_killed_is_found_again_with_everything(qdrant_server, qdrant_stand_in_url, point):
    with open_vectors(qdrant_stand_in_url) as vectors:
        vectors.ensure("home", 16)
        vectors.upsert("home", [point(str(n), year=n) for n in range(50)])
        second = vectors.prepare("home", 16)
        qdrant_server.kill()
        with pytest.raises(StoreUnreachable):
            vectors.count("home")
        with pytest.raises(StoreUnreachable):
            vectors.upsert("home", [point("more")])
        qdrant_server.start()
        assert vectors.count("home") == 50
        vectors.upsert("home", [point("more")])
        assert len(vectors.search_sparse("home", "quokkas", 100)) == 51
        assert [g.number for g in vectors.generations("home")] == [1, second.number]


def test_numbers_that_are_none_are_refused(vectors, point):
    bad = point("a")
    bad.embedding[0] = np.nan
    with pytest.raises(StoreFailed):
        vectors.upsert("home", [bad])


def test_settings_that_bm25_does_not_know_are_told_before_anything_is_asked():
    with pytest.raises(SettingsError), open_vectors("qdrant://127.0.0.1:1", words=Words(language="klingon")):
        pass


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (grpc.StatusCode.UNAVAILABLE, StoreUnreachable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, StoreUnreachable),
        (grpc.StatusCode.UNAUTHENTICATED, AccessDenied),
        (grpc.StatusCode.PERMISSION_DENIED, AccessDenied),
        (grpc.StatusCode.INTERNAL, StoreFailed),
        (grpc.StatusCode.NOT_FOUND, StoreFailed),
    ],
)
def test_refusals_over_grpc_mean_the_same(code, error):
    class Refused(grpc.RpcError):
        def code(self):
            return code

        def details(self):
            return "said"

    assert type(translated(Refused(), "qdrant://host:6333")) is error
