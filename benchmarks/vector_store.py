"""What our adapter adds to a Qdrant server: upsert and search through it, beside bare qdrant-client calls of the same requests.

    python benchmarks/vector_store.py [--points 3000] [--dimensions 384] [--queries 150] [--rounds 5]

The server is the one at JANUS_TEST_QDRANT_URL, else the stand-in of tests, which says nothing about a real server's speed;
the ratios are of this machine's side. Both sides work in alternating turns on collections of their own. The bare side is
given its requests ready made: weighing words and encoding metadata are ours to pay. Beside them, the embedded store.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from qdrant_client import QdrantClient, models

from janus_lab.adapters.vector import edge
from janus_lab.adapters.vector.server import layout
from janus_lab.adapters.vector.server.address import parsed
from janus_lab.adapters.vector.server.batches import batches, sparse
from janus_lab.adapters.vector.server.client import connected
from janus_lab.adapters.vector.server.store import open_vectors
from janus_lab.adapters.vector.words import WordModel, Words
from janus_lab.ports.vectors import VectorStore
from janus_lab.values.ids import content_id
from janus_lab.values.vector import Point

ROOT = Path(__file__).parents[1]
COLLECTION = "benchmark"
DEPTH = 100
WORDS_A_CHUNK = 150
VOCABULARY = 8000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=3000)
    parser.add_argument("--dimensions", type=int, default=384)
    parser.add_argument("--queries", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    points = made(arguments.points, arguments.dimensions)
    queries = made(arguments.queries, arguments.dimensions, seed=1)
    with (
        a_server() as url,
        TemporaryDirectory() as folder,
        open_vectors(url) as ours,
        edge.open_vectors(f"edge://{folder}/vectors") as embedded,
        bare(url, arguments.dimensions) as (client, name),
    ):
        for store in (ours, embedded):
            store.ensure(COLLECTION, arguments.dimensions)
        compare(points, queries, (ours, embedded), (client, name), rounds=arguments.rounds)


def compare(
    points: list[Point],
    queries: list[Point],
    stores: tuple[VectorStore, VectorStore],
    beside: tuple[QdrantClient, str],
    *,
    rounds: int,
) -> None:
    """Upsert everything, then search for everything, and print medians and ratios."""
    (ours, embedded), (client, name) = stores, beside
    words = WordModel(Words())
    ready = list(batches(points, words))
    requests = [pair(query, words) for query in queries]

    def upsert_bare() -> None:
        for batch in ready:
            client.upsert(name, batch, wait=True, ordering=models.WriteOrdering.STRONG)

    def search_bare() -> None:
        for request in requests:
            client.query_batch_points(name, request)

    def search(store: VectorStore) -> None:
        for query in queries:
            store.search_both(COLLECTION, query.embedding, query.text, DEPTH)

    upserts = turns(
        rounds,
        upsert_bare,
        lambda: ours.upsert(COLLECTION, points),
        lambda: embedded.upsert(COLLECTION, points),
    )
    line("upsert", "points/s", [len(points) / seconds for seconds in upserts], higher_is_better=True)
    searches = turns(rounds, search_bare, lambda: search(ours), lambda: search(embedded))
    line("search_both", "ms", [1000 * seconds / len(queries) for seconds in searches], higher_is_better=False)


def turns(rounds: int, *sides: Callable[[], None]) -> list[float]:
    """The median seconds of each side, all measured in turns after one turn that does not count."""
    taken: list[list[float]] = [[] for _ in sides]
    for number in range(rounds + 1):
        for side, times in zip(sides, taken, strict=True):
            started = time.perf_counter()
            side()
            if number:
                times.append(time.perf_counter() - started)
    return [statistics.median(times) for times in taken]


def line(what: str, unit: str, figures: list[float], *, higher_is_better: bool) -> None:
    """Print the bare client's figure, ours, their ratio (how many times as long ours takes), and the embedded store's."""
    bare_figure, our_figure, embedded_figure = figures
    ratio = bare_figure / our_figure if higher_is_better else our_figure / bare_figure
    print(
        f"{what:12} bare {bare_figure:9.2f} {unit}   ours {our_figure:9.2f} {unit}   "
        f"ours takes {ratio:.2f}x   (embedded {embedded_figure:.2f} {unit})"
    )


def made(count: int, dimensions: int, seed: int = 0) -> list[Point]:
    """Points of random direction, with words that are as unevenly frequent as in a language."""
    numbers = np.random.default_rng(seed).standard_normal((count, dimensions)).astype(np.float32)
    numbers /= np.linalg.norm(numbers, axis=1, keepdims=True)
    chance = random.Random(seed)
    vocabulary = [f"word{n}" for n in range(VOCABULARY)]
    weights = [1 / (n + 1) for n in range(VOCABULARY)]
    length = WORDS_A_CHUNK if seed == 0 else 8
    return [
        Point(
            content_id("chunk", f"{seed}-{n}"),
            row,
            " ".join(chance.choices(vocabulary, weights, k=length)),
            {"document_id": f"{n // 20:032x}", "year": 2000 + n % 25, "venue": "ACL"},
        )
        for n, row in enumerate(numbers)
    ]


def pair(query: Point, words: WordModel) -> list[models.QueryRequest]:
    """The two searches of one query, ready to send."""
    depth = DEPTH + 16
    return [
        layout.dense_query(query.embedding.tolist(), depth, None, points=0),
        layout.sparse_query(sparse(words.query(query.text)), depth, None),
    ]


@contextmanager
def bare(url: str, dimensions: int) -> Iterator[tuple[QdrantClient, str]]:
    """The driver itself, with the same connection settings and a collection of the same layout; gone afterwards."""
    address = parsed(url)
    with connected(address) as server:
        name = f"{address.prefix}-bare"
        server.ask(lambda client: layout.create(client, name, dimensions, address))
        client = server.ask(lambda client: client)
        yield client, name
        mine = [c.name for c in client.get_collections().collections if c.name.startswith(f"{address.prefix}-")]
        for collection in mine:
            client.delete_collection(collection)


@contextmanager
def a_server() -> Iterator[str]:
    """The URL of a server, with names of our own."""
    names = f"prefix=benchmark-{uuid.uuid4().hex[:8]}"
    if real := os.environ.get("JANUS_TEST_QDRANT_URL"):
        print("server: the one at JANUS_TEST_QDRANT_URL")
        yield f"{real}{'&' if '?' in real else '?'}{names}"
        return
    sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]
    from native_stack.engine import Engine
    from qdrant_stand_in import kind

    print("server: a STAND-IN in Python over the embedded engine; only the ratios of the client's side mean anything")
    with TemporaryDirectory() as folder, Engine(kind, Path(folder)) as engine:
        yield f"{engine.url}?{names}"


if __name__ == "__main__":
    main()
