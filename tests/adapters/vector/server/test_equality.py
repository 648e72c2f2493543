"""The same points on the embedded engine and on a server: the same ids in the same order, the same scores."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from janus_lab.adapters.vector import edge
from janus_lab.adapters.vector.server import store as server
from janus_lab.values.filter import Condition, Operator
from janus_lab.values.ids import content_id
from janus_lab.values.metadata import flat_metadata
from janus_lab.values.vector import Point

DIMENSIONS = 48
WORDS = [
    "quokka",
    "island",
    "wombat",
    "engine",
    "matrix",
    "river",
    "1889",
    "Zürich",
    "学習",
    "naïve",
    "running",
    "the",
    "of",
    "models",
]
CONDITIONS = [
    (),
    (Condition("year", Operator.AT_LEAST, 2015),),
    (Condition("venue", Operator.AT_MOST, "EMNLP"),),
    (Condition("tags", Operator.CONTAINS, "x"), Condition("year", Operator.NOT_EQUALS, 2012)),
    (Condition("open", Operator.EQUALS, True),),
    (Condition("venue", Operator.EQUALS, "nowhere"),),
]


def points(count: int) -> list[Point]:
    chance = random.Random(7)
    numbers = np.random.default_rng(7).standard_normal((count, DIMENSIONS)).astype(np.float32)
    numbers /= np.linalg.norm(numbers, axis=1, keepdims=True)
    made = []
    for n in range(count):
        text = " ".join(chance.choices(WORDS, k=chance.randint(1, 60)))
        metadata = {"year": 2010 + n % 12, "venue": chance.choice(["ACL", "EMNLP", "ICML"]), "open": n % 3 == 0}
        metadata["tags"] = chance.sample(["x", "y", "z"], k=n % 3)
        # Every tenth is a copy of its neighbour: equal scores must come in the same order, too.
        row = numbers[n - 1] if n % 10 == 9 else numbers[n]
        made.append(
            Point(content_id("chunk", str(n)), row, made[-1].text if n % 10 == 9 else text, flat_metadata(metadata))
        )
    return made


@pytest.fixture(scope="module")
def filled_points():
    return points(1500)


def test_rankings_are_the_same(filled_points, tmp_path, qdrant_url):
    queries = np.random.default_rng(8).standard_normal((12, DIMENSIONS)).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    with edge.open_vectors(f"edge://{tmp_path}/vectors") as embedded, server.open_vectors(qdrant_url) as remote:
        for store in (embedded, remote):
            store.ensure("home", DIMENSIONS)
            store.upsert("home", filled_points)
        for number, query in enumerate(queries):
            text = " ".join(random.Random(number).sample(WORDS, k=3))
            where = CONDITIONS[number % len(CONDITIONS)]
            for limit in (1, 10, 100):
                here = embedded.search_both("home", query, text, limit, where=where)
                there = remote.search_both("home", query, text, limit, where=where)
                for mine, theirs in zip(here, there, strict=True):
                    assert [p.chunk_id for p in theirs] == [p.chunk_id for p in mine], json.dumps([text, limit])
                    assert [p.score for p in theirs] == pytest.approx([p.score for p in mine], abs=1e-5)
        some = [p.chunk_id for p in filled_points[:50]]
        mine, theirs = embedded.embeddings("home", some), remote.embeddings("home", some)
        assert all(np.allclose(mine[i], theirs[i], atol=1e-6) for i in some)
