"""What is sent: requests of bounded size, exact or by the graph, quantized numbers rescored."""

from __future__ import annotations

import httpx
import numpy as np
from qdrant_engines import rest

from janus_lab.adapters.vector.server import catalog, layout
from janus_lab.adapters.vector.server.address import parsed
from janus_lab.adapters.vector.server.batches import batches
from janus_lab.adapters.vector.server.store import open_vectors
from janus_lab.adapters.vector.words import WordModel, Words
from janus_lab.values.ids import content_id
from janus_lab.values.vector import Point

ONES = np.ones(16, np.float32)


def test_batches_keep_order_and_size():
    points = [
        Point(
            content_id("chunk", str(n)),
            np.ones(384, np.float32),
            f"word{n} " * (n % 50),
            {"note": "x" * (n % 7) * 4000},
        )
        for n in range(2500)
    ]
    made = list(batches(points, WordModel(Words())))
    assert [p.id.replace("-", "") for batch in made for p in batch] == [p.chunk_id for p in points]
    assert all(len(batch) <= 1000 for batch in made)
    sizes = [sum(len(p.model_dump_json()) for p in batch) for batch in made]
    assert max(sizes) < 4.5 * 1024 * 1024
    assert len(made) < 20


def test_a_point_larger_than_a_batch_travels_alone():
    large = Point(content_id("chunk", "large"), ONES, "x", {"note": "x" * 5_000_000})
    small = Point(content_id("chunk", "small"), ONES, "x", {})
    assert [len(batch) for batch in batches([small, large, small], WordModel(Words()))] == [1, 1, 1]


def test_few_points_are_compared_one_by_one_and_many_by_the_graph():
    few = layout.dense_query([1.0], 116, None, points=layout.EXACT_POINTS).params
    assert few.exact
    assert few.quantization.ignore
    many = layout.dense_query([1.0], 116, None, points=layout.EXACT_POINTS + 1).params
    assert not many.exact
    assert many.hnsw_ef >= 256
    assert many.quantization.rescore
    assert layout.dense_query([1.0], 5000, None, points=10**7).params.hnsw_ef == 5000


def test_a_large_and_quantized_collection_finds_the_same(qdrant_url, point, monkeypatch):
    with open_vectors(f"{qdrant_url}&quantization=int8") as vectors:
        vectors.ensure("home", 16)
        vectors.upsert("home", [point(str(n)) for n in range(300)])
        exact = vectors.search_dense("home", ONES, 10)
        monkeypatch.setattr(layout, "EXACT_POINTS", 10)
        assert vectors.search_dense("home", ONES, 10) == exact
    with rest(qdrant_url) as client:
        name = f"{parsed(qdrant_url).prefix}-{content_id('collection', 'home')}-g1"
        config = client.get(f"/collections/{name}").json()["result"]["config"]
    assert config["quantization_config"]["scalar"]["type"] == "int8"


def test_both_searches_are_one_round_trip(qdrant_url, point, monkeypatch):
    monkeypatch.setattr(catalog, "_FRESH_SECONDS", 60)
    sent = []
    send = httpx.Client.send
    with open_vectors(qdrant_url) as vectors:
        vectors.ensure("home", 16)
        vectors.upsert("home", [point(str(n), "quokka " + "island " * n) for n in range(30)])
        vectors.search_both("home", ONES, "quokka", 10)
        monkeypatch.setattr(httpx.Client, "send", lambda *a, **k: sent.append(a[1].url.path) or send(*a, **k))
        near, matching = vectors.search_both("home", ONES, "quokkas", 10)
        assert len(near) == len(matching) == 10
    assert [path.rpartition("/points")[2] for path in sent] == ["/query/batch"]
