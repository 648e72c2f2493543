"""The engine in this process: one owner, nothing lost in a crash, no death by a full disk."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from janus_lab.adapters.vector import shards
from janus_lab.adapters.vector.collection import MAKING, folder
from janus_lab.adapters.vector.edge import open_vectors
from janus_lab.adapters.vector.words import Words
from janus_lab.errors import DataDirectoryUnusable, DataTooNew, DiskFull, SettingsError, StoreFailed, StoreInUse
from janus_lab.values.filter import Condition, Operator
from janus_lab.values.ids import content_id
from janus_lab.values.vector import Point

WRITER = """
import os, sys
import numpy as np
from janus_lab.adapters.vector.edge import open_vectors
from janus_lab.values.ids import content_id
from janus_lab.values.vector import Point
with open_vectors(sys.argv[1]) as vectors:
    vectors.ensure("home", 16)
    for n in range(10**9):
        points = [Point(content_id("chunk", f"{n}-{m}"), np.ones(16, dtype=np.float32), "word", {"n": n}) for m in range(7)]
        vectors.upsert("home", points)
        if n == 5:
            vectors.delete("home", [content_id("chunk", "0-0")])
        print(n, flush=True)
"""
ASKER = """
import sys
from janus_lab.adapters.vector.edge import open_vectors
from janus_lab.errors import StoreInUse
try:
    with open_vectors(sys.argv[1]) as vectors:
        print("open", vectors.count("home"))
except StoreInUse as error:
    print(error.code, error.message)
"""


@pytest.fixture
def url(tmp_path):
    return f"edge://{tmp_path}/ein Ordner/vectörs"


def point(name: str, text: str = "quokka", **payload) -> Point:
    return Point(content_id("chunk", name), np.ones(16, dtype=np.float32), text, payload)


def root(url: str):
    from pathlib import Path

    return Path(url.removeprefix("edge://"))


@pytest.mark.fault
def test_a_killed_owner_loses_no_point_that_it_acknowledged(url):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True)
    acknowledged = -1
    for line in writer.stdout:
        acknowledged = int(line)
        if acknowledged >= 300:
            writer.kill()
            break
    rest = writer.communicate()[0].split()
    acknowledged = int(rest[-1]) if rest else acknowledged
    with open_vectors(url) as vectors:
        expected = {content_id("chunk", f"{n}-{m}") for n in range(acknowledged + 1) for m in range(7)}
        kept = vectors.ids("home")
        assert expected - {content_id("chunk", "0-0")} <= kept
        assert content_id("chunk", "0-0") not in kept
        where = [Condition("n", Operator.AT_MOST, acknowledged)]
        assert len(vectors.search_sparse("home", "word", 10**6, where=where)) == len(expected) - 1


def test_a_second_owner_is_refused_until_the_first_has_gone(url):
    with open_vectors(url) as vectors:
        vectors.ensure("home", 16)
        vectors.upsert("home", [point("a")])
        with pytest.raises(StoreInUse), open_vectors(url):
            pass
        asked = subprocess.run([sys.executable, "-c", ASKER, url], capture_output=True, text=True, check=True)
        assert asked.stdout.startswith("store-in-use")
        assert vectors.count("home") == 1
    asked = subprocess.run([sys.executable, "-c", ASKER, url], capture_output=True, text=True, check=True)
    assert asked.stdout.split() == ["open", "1"]


def test_everything_is_there_when_it_is_opened_again(url):
    with open_vectors(url) as vectors:
        for name in ("one", "zwei ü"):
            vectors.ensure(name, 16)
            vectors.upsert(name, [point(name, year=2020)])
        vectors.search_dense("one", np.ones(16, dtype=np.float32), 1, where=[Condition("year", Operator.EQUALS, 2020)])
    with open_vectors(url) as vectors:
        assert vectors.collections() == ["one", "zwei ü"]
        for name in ("one", "zwei ü"):
            (hit,) = vectors.search_sparse(name, "quokkas", 5, where=[Condition("year", Operator.AT_LEAST, 2020)])
            assert hit.chunk_id == content_id("chunk", name)


def test_a_collection_keeps_the_words_settings_it_was_made_with(url):
    with open_vectors(url, words=Words(language="german", average_tokens=50)) as vectors:
        vectors.ensure("deutsch", 16)
        vectors.upsert("deutsch", [point("a", "die Häuser am Meer")])
    with open_vectors(url) as vectors:
        assert len(vectors.search_sparse("deutsch", "Haus", 5)) == 1
        assert vectors.search_sparse("deutsch", "die am", 5) == []
    note = json.loads((folder(root(url), "deutsch") / "collection.json").read_text())
    assert note["words"]["language"] == "german"


def test_words_of_no_language_are_taken_as_they_are(url):
    with open_vectors(url, words=Words(language="")) as vectors:
        vectors.ensure("plain", 16)
        vectors.upsert("plain", [point("a", "the running of the bulls")])
        assert len(vectors.search_sparse("plain", "the", 5)) == 1
        assert vectors.search_sparse("plain", "run", 5) == []


def test_settings_that_the_engine_does_not_know_are_told(url):
    with pytest.raises(SettingsError), open_vectors(url, words=Words(language="klingon")):
        pass
    assert not root(url).exists()


def test_what_an_interrupted_making_left_is_swept(url):
    with open_vectors(url) as vectors:
        vectors.ensure("home", 16)
    left = root(url) / f"{MAKING}{content_id('collection', 'other')}"
    (left / "shard").mkdir(parents=True)
    with open_vectors(url) as vectors:
        assert vectors.collections() == ["home"]
        vectors.ensure("other", 16)
        assert vectors.collections() == ["home", "other"]
    assert not left.exists()


def test_a_collection_from_a_newer_version_is_left_alone(url):
    with open_vectors(url) as vectors:
        vectors.ensure("home", 16)
    note = folder(root(url), "home") / "collection.json"
    newer = json.loads(note.read_text()) | {"layout": 99}
    note.write_text(json.dumps(newer))
    with open_vectors(url) as vectors:
        for ask in (vectors.collections, lambda: vectors.count("home"), lambda: vectors.ensure("home", 16)):
            with pytest.raises(DataTooNew):
                ask()
    assert json.loads(note.read_text()) == newer


def test_a_closed_store_stays_closed(url):
    with open_vectors(url) as vectors:
        vectors.ensure("home", 16)
    with pytest.raises(StoreFailed):
        vectors.count("home")


def test_a_damaged_shard_is_told(url):
    with open_vectors(url) as vectors:
        vectors.ensure("home", 16)
        vectors.upsert("home", [point("a")])
    for segment in (folder(root(url), "home") / "shard" / "segments").iterdir():
        (segment / "segment.json").write_text("no JSON")
    with open_vectors(url) as vectors, pytest.raises(StoreFailed):
        vectors.count("home")


def test_many_writes_keep_the_log_short(url, monkeypatch):
    monkeypatch.setattr(shards, "_FLUSH_AFTER", 100)
    with open_vectors(url) as vectors:
        vectors.ensure("home", 16)
        for n in range(50):
            vectors.upsert("home", [point(f"{n}-{m}") for m in range(10)])
        assert vectors.count("home") == 500
    with open_vectors(url) as vectors:
        assert len(vectors.ids("home")) == 500


@pytest.mark.fault
def test_a_disk_without_room_is_told_before_the_engine_dies_of_it(small_disk):
    place, _ = small_disk("60m")
    with open_vectors(f"edge://{place}/vectors") as vectors:
        vectors.ensure("home", 16)
        vectors.upsert("home", [point("a")])
        (place / "filler").write_bytes(b"x" * 30_000_000)
        with pytest.raises(DiskFull):
            vectors.upsert("home", [point("b")])
        with pytest.raises(DiskFull):
            vectors.ensure("other", 16)
        assert vectors.count("home") == 1
        (place / "filler").unlink()
        vectors.upsert("home", [point("b")])
        assert vectors.count("home") == 2


@pytest.mark.fault
def test_a_read_only_disk_is_told(small_disk):
    place, lock = small_disk("60m")
    with open_vectors(f"edge://{place}/vectors") as vectors:
        vectors.ensure("home", 16)
    lock()
    with pytest.raises(DataDirectoryUnusable), open_vectors(f"edge://{place}/vectors"):
        pass


def test_a_folder_below_a_file_can_not_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataDirectoryUnusable), open_vectors(f"edge://{tmp_path}/file/vectors"):
        pass
