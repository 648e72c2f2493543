"""Several processes, one server: who makes, writes and switches at once does no harm."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from qdrant_client import models
from waiting import until

from janus_lab.adapters.vector.server import catalog, names
from janus_lab.adapters.vector.server.address import parsed
from janus_lab.adapters.vector.server.client import connected
from janus_lab.adapters.vector.server.store import open_vectors
from janus_lab.adapters.vector.words import Words
from janus_lab.errors import DataTooNew, StoreFailed
from janus_lab.values.filter import Condition, Operator
from janus_lab.values.ids import content_id
from janus_lab.values.vector import Point

ONES = np.ones(16, np.float32)
WRITER = """
import sys
import numpy as np
from janus_lab.adapters.vector.server.store import open_vectors
from janus_lab.values.ids import content_id
from janus_lab.values.vector import Point
url, worker = sys.stdin.readline().split()
with open_vectors(url) as vectors:
    vectors.ensure("home", 16)
    for n in range(12):
        points = [Point(content_id("chunk", f"{worker}-{n}-{m}"), np.ones(16, np.float32), "quokka", {"n": n}) for m in range(5)]
        vectors.upsert("home", points)
        vectors.delete("home", [points[0].chunk_id])
        vectors.search_both("home", np.ones(16, np.float32), "quokka", 5)
"""


def test_processes_share_a_collection_that_all_of_them_make(qdrant_url):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    # The URL holds a key, so it does not stand among a process' arguments.
    for number, writer in enumerate(writers):
        writer.stdin.write(f"{qdrant_url} {number}\n")
        writer.stdin.flush()
    for writer in writers:
        assert writer.communicate()[1] == ""
        assert writer.returncode == 0
    expected = {content_id("chunk", f"{w}-{n}-{m}") for w in range(3) for n in range(12) for m in range(1, 5)}
    with open_vectors(qdrant_url) as vectors:
        assert vectors.collections() == ["home"]
        assert vectors.ids("home") == expected


def test_racing_makers_get_one_collection_with_one_way_of_weighing_words(qdrant_url):
    start = threading.Barrier(6)

    def make(language: str) -> None:
        with open_vectors(qdrant_url, words=Words(language=language)) as vectors:
            start.wait()
            vectors.ensure("home", 16)
            vectors.upsert("home", [Point(content_id("chunk", language), ONES, "the engines", {})])

    languages = ["english", "german", "", "french", "spanish", "dutch"]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(make, languages))
    with open_vectors(qdrant_url) as vectors:
        assert vectors.count("home") == 6
        assert len(vectors.search_sparse("home", "the engines", 10)) == 6
        assert [g.number for g in vectors.generations("home")] == [1]


def test_a_collection_keeps_the_words_settings_it_was_made_with(qdrant_url):
    with open_vectors(qdrant_url, words=Words(language="german", average_tokens=50)) as vectors:
        vectors.ensure("deutsch", 16)
        vectors.upsert("deutsch", [Point(content_id("chunk", "a"), ONES, "die Häuser am Meer", {})])
    with open_vectors(qdrant_url) as vectors:
        assert len(vectors.search_sparse("deutsch", "Haus", 5)) == 1
        assert vectors.search_sparse("deutsch", "die am", 5) == []


def test_a_switch_elsewhere_is_seen_by_writes_at_once_and_by_searches_soon(qdrant_url, point, monkeypatch):
    monkeypatch.setattr(catalog, "_FRESH_SECONDS", 0.3)
    with open_vectors(qdrant_url) as here, open_vectors(qdrant_url) as there:
        here.ensure("home", 16)
        here.upsert("home", [point("old")])
        assert there.count("home") == 1
        new = here.prepare("home", 16)
        here.switch("home", new.number)
        there.upsert("home", [point("late")])
        assert here.ids("home") == {point("late").chunk_id}
        there.delete("home", [point("late").chunk_id])
        assert here.count("home") == 0
        here.drop("home", 1)
        assert there.search_dense("home", ONES, 5) == []
        there.upsert("home", [point("later")])
        assert here.ids("home") == {point("later").chunk_id}


def test_searches_go_on_while_generations_come_and_go(qdrant_url, point):
    asked, stop = [], threading.Event()
    with open_vectors(qdrant_url) as here, open_vectors(qdrant_url) as there:
        here.ensure("home", 16)
        here.upsert("home", [point("a")])

        def search() -> None:
            while not stop.is_set():
                near, matching = there.search_both("home", ONES, "quokka", 5)
                assert len(near) == len(matching) == 1
                asked.append(1)

        with ThreadPoolExecutor(1) as pool:
            searching = pool.submit(search)

            def searched() -> None:
                seen = len(asked)
                until(lambda: len(asked) > seen or searching.done(), "another search")

            try:
                searched()
                for _ in range(4):
                    serving = next(g for g in here.generations("home") if g.serving)
                    new = here.prepare("home", 16)
                    here.upsert(new.name, [point("a")])
                    here.switch("home", new.number)
                    searched()
                    here.drop("home", serving.number)
                    searched()
            finally:
                stop.set()
            searching.result()


def test_who_died_while_making_a_collection_left_nothing_in_the_way(qdrant_url, point, monkeypatch):
    monkeypatch.setattr(catalog, "_NOTE_SECONDS", 0.1)
    address = parsed(qdrant_url)
    first = names.physical(address.prefix, "home", 1)
    dense = {"dense": models.VectorParams(size=16, distance=models.Distance.COSINE)}
    sparse = {"sparse": models.SparseVectorParams(modifier=models.Modifier.IDF)}
    with connected(address) as server:
        server.ask(lambda q: q.create_collection(first, vectors_config=dense, sparse_vectors_config=sparse))
    with open_vectors(qdrant_url) as vectors:
        assert vectors.collections() == []
        assert vectors.count("home") == 0
        vectors.ensure("home", 16)
        vectors.upsert("home", [point("a", year=1)])
        where = [Condition("year", Operator.AT_MOST, 2)]
        assert len(vectors.search_sparse("home", "quokka", 5, where=where)) == 1
        assert vectors.collections() == ["home"]
        with pytest.raises(StoreFailed):
            vectors.ensure("home", 8)


def test_who_died_while_preparing_left_a_generation_that_can_go(qdrant_url, point):
    address = parsed(qdrant_url)
    orphan = names.physical(address.prefix, "home", 2)
    dense = {"dense": models.VectorParams(size=8, distance=models.Distance.COSINE)}
    with open_vectors(qdrant_url) as vectors, connected(address) as server:
        vectors.ensure("home", 16)
        vectors.upsert("home", [point("a")])
        server.ask(lambda q: q.create_collection(orphan, vectors_config=dense))
        assert [(g.number, g.dimensions, g.serving) for g in vectors.generations("home")] == [
            (1, 16, True),
            (2, 8, False),
        ]
        assert vectors.prepare("home", 16).number == 3
        vectors.drop("home", 2)
        assert [g.number for g in vectors.generations("home")] == [1, 3]
        assert vectors.count("home") == 1


def test_what_a_newer_version_wrote_is_left_alone(qdrant_url):
    address = parsed(qdrant_url)
    with open_vectors(qdrant_url) as vectors, connected(address) as server:
        vectors.ensure("home", 16)
        notes = f"{address.prefix}-notes"
        (record,), _ = server.ask(lambda q: q.scroll(notes, with_payload=True))
        newer = models.PointStruct(id=record.id, vector={"none": [0.0]}, payload={**record.payload, "layout": 99})
        server.write(lambda q: q.upsert(notes, [newer], wait=True))
    with pytest.raises(DataTooNew), open_vectors(qdrant_url):
        pass


def test_two_prefixes_do_not_meet(qdrant_url):
    with open_vectors(qdrant_url) as mine, open_vectors(f"{qdrant_url}x") as theirs:
        mine.ensure("home", 16)
        theirs.ensure("home", 8)
        assert mine.generations("home")[0].dimensions == 16
        theirs.upsert("home", [Point(content_id("chunk", "a"), np.ones(8, np.float32), "x", {})])
        assert (mine.count("home"), theirs.count("home")) == (0, 1)
        theirs.prepare("home", 8)
        assert len(mine.generations("home")) == 1
