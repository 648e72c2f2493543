"""Whoever builds a new generation may be killed at any moment: the old one serves on, or the new one does, whole."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

from janus_lab.adapters.vector import edge
from janus_lab.adapters.vector.server import store as server
from janus_lab.values.ids import content_id

BUILDER = """
import sys
import numpy as np
from janus_lab.values.ids import content_id
from janus_lab.values.vector import Point
url = sys.stdin.readline().strip()
if url.startswith("edge"):
    from janus_lab.adapters.vector import edge as module
else:
    from janus_lab.adapters.vector.server import store as module
ones = np.ones(16, np.float32)
with module.open_vectors(url) as vectors:
    vectors.ensure("home", 16)
    if not vectors.count("home"):
        vectors.upsert("home", [Point(content_id("chunk", f"1-{m}"), ones, "word", {}) for m in range(9)])
    print("ready", flush=True)
    while True:
        serving = next(g.number for g in vectors.generations("home") if g.serving)
        new = vectors.prepare("home", 16)
        for m in range(9):
            vectors.upsert(new.name, [Point(content_id("chunk", f"{new.number}-{m}"), ones, "word", {})])
        vectors.switch("home", new.number)
        vectors.drop("home", serving)
        print(new.number, flush=True)
"""


@pytest.fixture(params=["edge", "qdrant"])
def store(request, tmp_path):
    if request.param == "edge":
        return edge.open_vectors, f"edge://{tmp_path}/vectors"
    return server.open_vectors, request.getfixturevalue("qdrant_url")


@pytest.mark.fault
def test_a_builder_that_is_killed_leaves_a_whole_generation_serving(store):
    open_vectors, url = store
    chance = random.Random(3)
    for _ in range(4):
        builder = subprocess.Popen(
            [sys.executable, "-c", BUILDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        builder.stdin.write(f"{url}\n")
        builder.stdin.flush()
        assert builder.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.05, 1.0))
        builder.kill()
        told = [int(line) for line in builder.communicate()[0].split()]
        with open_vectors(url) as vectors:
            generations = vectors.generations("home")
            (serving,) = [g.number for g in generations if g.serving]
            assert serving >= (told or [1])[-1]
            assert vectors.ids("home") == {content_id("chunk", f"{serving}-{m}") for m in range(9)}
            assert len(vectors.search_sparse("home", "word", 20)) == 9
            for generation in generations:
                if not generation.serving:
                    vectors.drop("home", generation.number)
            assert [g.number for g in vectors.generations("home")] == [serving]
