"""What every index of sources does."""

from __future__ import annotations

import random

import pytest

from janus_lab.adapters.relational.source_index import open_source_index
from janus_lab.values.document import SourceStamp

ROWS = [
    ("sqlite", lambda request: f"sqlite:///{request.getfixturevalue('tmp_path')}/janus.db"),
    ("postgresql", lambda request: request.getfixturevalue("ready_postgresql_url")),
]


@pytest.fixture(params=[row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def index(request):
    with open_source_index(request.param(request)) as opened:
        yield opened


def stamp(origin: str, size: int = 10) -> SourceStamp:
    return SourceStamp(origin, size, 1_700_000_000_123_456_789, "0" * 64)


def test_what_was_recorded_is_known(index):
    stamps = [stamp("a b/ünïcode.txt"), stamp("https://example.org/x?y=1#z", 2**40)]
    index.record("default", stamps)
    origins = [s.origin for s in stamps]
    assert index.stamps("default", [*origins, "never seen"]) == {s.origin: s for s in stamps}


def test_collections_know_nothing_of_each_other(index):
    index.record("one", [stamp("a")])
    assert index.stamps("two", ["a"]) == {}
    index.forget("two", ["a"])
    assert set(index.stamps("one", ["a"])) == {"a"}


def test_recording_replaces_and_forgetting_forgets(index):
    index.record("default", [stamp("a", 1), stamp("b", 1)])
    index.record("default", [stamp("a", 2)])
    assert {o: s.size for o, s in index.stamps("default", ["a", "b"]).items()} == {"a": 2, "b": 1}
    index.forget("default", ["a", "never seen"])
    assert set(index.stamps("default", ["a", "b"])) == {"b"}


def test_nothing_is_nothing(index):
    index.record("default", [])
    index.forget("default", [])
    assert index.stamps("default", []) == {}


def test_ten_thousand_sources_at_once(index):
    stamps = [stamp(f"folder/file-{n}.txt", n) for n in range(10_000)]
    index.record("default", stamps)
    found = index.stamps("default", [s.origin for s in stamps])
    assert len(found) == 10_000
    assert found["folder/file-9999.txt"].size == 9999


def test_origins_may_be_longer_than_an_index_takes(index):
    names = random.Random(7).choices("abcdefghijklmnopqrstuvwxyz0123456789äß€", k=9000)
    origins = ["".join(names), "".join(names) + "x", "".join(names)[:500], "nul\0in it"]
    index.record("default", [stamp(origin, n) for n, origin in enumerate(origins)])
    index.record("default", [stamp(origins[0], 9)])
    assert {o: s.size for o, s in index.stamps("default", origins).items()} == dict(
        zip(origins, [9, 1, 2, 3], strict=True)
    )
    index.forget("default", origins[:1])
    assert set(index.stamps("default", origins)) == set(origins[1:])
