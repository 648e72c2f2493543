"""What every graph store does."""

from __future__ import annotations

import multiprocessing
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from janus_lab.adapters.graph.ranking import page_rank, snapshot_of
from janus_lab.errors import Defect
from janus_lab.values.graph import Entity, Path, Relation
from tests.contracts.graph_writer import chain, opened, write_all

ROWS = [
    ("sqlite", lambda folder, _: f"sqlite:///{folder}/a folder/gräph.db"),
    ("neo4j", lambda _, url_of: url_of("neo4j_url")),
]
HOME = "papers"
HOSTILE = [
    "",
    " ",
    "ünï ☃ 𝔘",
    "a'b\"c`d",
    "$x {y} }//",
    "\\",
    "../e\x1f\x00f",
    "x" * 3000,
    "' OR 1=1 --",
    "*",
    "a AND b",
]


@pytest.fixture(params=[row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def url(request, tmp_path):
    return request.param(tmp_path, request.getfixturevalue)


@pytest.fixture
def graph(url):
    with opened(url) as store:
        yield store


def entity(name: str, *chunks: str, **values) -> Entity:
    return Entity(name, values.pop("name", f"the {name}"), chunk_ids=chunks, **values)


def edge(name: str, source: str, target: str, *chunks: str, **values) -> Relation:
    return Relation(name, source, target, chunk_ids=chunks, **values)


def everything(graph, collection: str = HOME):
    return list(graph.iterate(collection))


def test_what_was_written_comes_back_whole(graph):
    person = Entity("1", "Ada", "person", "wrote\nnotes", {"born": 1815, "x": 1.5, "y": True, "z": "ü"}, ("c2", "c1"))
    engine = Entity("2", "Engine")
    wrote = Relation("r", "1", "2", "described", "in 1843", 2.5, {"page": 7}, ("c1",))
    graph.upsert(HOME, [engine, person], [wrote])
    assert graph.entities(HOME, ["2", "1", "none"]) == [person, engine]
    assert everything(graph) == [person, engine, wrote]
    assert graph.totals() == {HOME: (2, 1)}


def test_the_same_again_changes_nothing_and_other_values_replace(graph):
    nodes, edges = chain(4)
    for _ in range(2):
        graph.upsert(HOME, nodes, edges)
    assert everything(graph) == [*nodes, *edges]
    changed = Entity("001", "other", "kind", chunk_ids=("c",))
    turned = Relation(edges[0].id, "003", "001", weight=3)
    graph.upsert(HOME, [entity("001"), changed], [edges[0], turned])
    assert everything(graph) == [nodes[0], changed, *nodes[2:], turned, *edges[1:]]
    assert graph.mentioned(HOME, ["c"]) == {"c": ["001"]}
    graph.upsert(HOME, [replace(changed, chunk_ids=("d",))])
    assert graph.mentioned(HOME, ["c", "d"]) == {"d": ["001"]}


def test_a_relation_to_nothing_is_refused_and_nothing_is_written(graph):
    graph.upsert(HOME, [entity("a")])
    graph.upsert("elsewhere", [entity("b")])
    with pytest.raises(Defect):
        graph.upsert(HOME, [entity("new")], [edge("r", "a", "b")])
    with pytest.raises(Defect):
        graph.upsert(HOME, [entity("new")], [edge("r", "a", "a", weight=float("nan"))])
    assert everything(graph) == [entity("a")]


def test_hostile_texts_are_texts(graph):
    nodes = sorted((Entity(t, t, t, t, {t: t}, (t, "c")) for t in HOSTILE if t), key=lambda e: e.id)
    edges = [Relation(e.id, e.id, nodes[0].id, e.id, e.id, 1.0, {e.id: e.id}, e.chunk_ids) for e in nodes]
    for collection in HOSTILE:
        graph.upsert(collection, nodes, edges)
    assert all(everything(graph, collection) == [*nodes, *edges] for collection in HOSTILE)
    assert graph.totals() == {collection: (len(nodes), len(edges)) for collection in sorted(HOSTILE)}
    mentioned = graph.mentioned("", [node.id for node in nodes if "\x00" not in node.id])
    assert mentioned == {node.id: [node.id] for node in nodes if "\x00" not in node.id}
    graph.clear("")
    assert set(graph.totals()) == set(HOSTILE) - {""}


def test_nothing_is_nothing(graph):
    graph.upsert(HOME, [], [])
    assert everything(graph) == graph.entities(HOME, []) == graph.page_rank(HOME, {"a": 1}) == []
    assert graph.mentioned(HOME, []) == graph.mentioned(HOME, ["c"]) == graph.totals() == {}
    assert graph.neighbourhood(HOME, ["a"]).distances == {}
    assert graph.shortest_path(HOME, "a", "a") is None
    assert graph.shortest_path(HOME, "a", "b") is None
    assert graph.forget_chunks(HOME, []) == graph.forget_chunks(HOME, ["c"]) == 0
    graph.clear(HOME)


def test_neighbours_come_nearest_first_up_to_a_limit(graph):
    nodes, edges = chain(8)
    loop, parallel = edge("loop", "003", "003"), edge("parallel", "004", "003")
    graph.upsert(HOME, nodes, [*edges, loop, parallel])
    near = graph.neighbourhood(HOME, ["003"], hops=2)
    assert list(near.distances.items()) == [("003", 0), ("002", 1), ("004", 1), ("001", 2), ("005", 2)]
    assert [e.id for e in near.entities] == list(near.distances)
    assert [r.id for r in near.relations] == ["001-002", "002-003", "003-004", "004-005", "loop", "parallel"]
    assert list(graph.neighbourhood(HOME, ["003"], hops=9, limit=4).distances) == ["003", "002", "004", "001"]
    assert graph.neighbourhood(HOME, ["003", "000"], hops=0).distances == {"000": 0, "003": 0}
    assert graph.neighbourhood(HOME, ["003"], limit=0).entities == ()


def test_shortest_paths(graph):
    nodes, edges = chain(9)
    graph.upsert(HOME, [*nodes, entity("alone")], [*edges, edge("bridge", "007", "001")])
    assert graph.shortest_path(HOME, "000", "008") == Path(
        ("000", "001", "007", "008"), ("000-001", "bridge", "007-008")
    )
    assert graph.shortest_path(HOME, "000", "008", most_hops=2) is None
    assert graph.shortest_path(HOME, "000", "alone") is None
    assert graph.shortest_path(HOME, "000", "000") == Path(("000",), ())
    assert graph.shortest_path(HOME, "000", "001", most_hops=0) is None


def test_ranks_flow_along_weights_and_follow_changes(graph):
    nodes = [entity(n) for n in "abcd"]
    graph.upsert(HOME, nodes, [edge("1", "a", "b", weight=3), edge("2", "c", "a", weight=1)])
    ranks = dict(graph.page_rank(HOME, {"a": 1}))
    assert list(ranks) == ["a", "b", "c"]
    assert sum(ranks.values()) == pytest.approx(1)
    # From a the walk goes on with 0.85, to b with three quarters of that, and comes back: r = 0.15 + 0.85² r.
    assert ranks["a"] == pytest.approx(0.15 / (1 - 0.85**2), abs=1e-6)
    assert ranks["b"] == pytest.approx(0.75 * 0.85 * ranks["a"], abs=1e-6)
    graph.upsert(HOME, [], [edge("2", "d", "a", weight=9)])
    assert [name for name, _ in graph.page_rank(HOME, {"a": 1, "unknown": 5}, limit=2)] == ["a", "d"]
    assert graph.page_rank(HOME, {"c": 2}) == [("c", pytest.approx(1))]


def test_ranks_are_the_same_bits_in_every_store(graph):
    nodes = [entity(f"{n:03}") for n in range(200)]
    chance = random.Random(3)
    ends = [(chance.choice(nodes).id, chance.choice(nodes).id) for _ in range(600)]
    edges = [edge(f"{n:03}", *pair, weight=chance.random()) for n, pair in enumerate(ends)]
    graph.upsert(HOME, nodes, edges)
    wanted = snapshot_of([n.id for n in nodes], [(e.source, e.target, e.weight) for e in edges])
    for seeds in ({"000": 1.0}, {"007": 0.3, "100": 2}):
        assert graph.page_rank(HOME, seeds, limit=150) == page_rank(wanted, seeds, 150)


def test_what_loses_its_last_chunk_goes_with_its_relations(graph):
    nodes = [entity("a", "c1", "c2"), entity("b", "c1"), entity("kept")]
    edges = [edge("ab", "a", "b", "c2"), edge("aa", "a", "a", "c1", "c2"), edge("ka", "kept", "a", "c1")]
    graph.upsert(HOME, nodes, edges)
    graph.upsert("other", nodes, [*edges, edge("bb", "b", "b", "c3")])
    assert (graph.chunk_ids(HOME), graph.chunk_ids("other")) == ({"c1", "c2"}, {"c1", "c2", "c3"})
    assert graph.forget_chunks(HOME, ["c1", "unknown"]) == 3
    assert graph.chunk_ids(HOME) == {"c2"}
    left = [entity("a", "c2"), entity("kept"), edge("aa", "a", "a", "c2")]
    assert everything(graph) == left
    assert graph.forget_chunks(HOME, ["c1"]) == 0
    assert graph.mentioned(HOME, ["c1", "c2"]) == {"c2": ["a"]}
    assert graph.forget_chunks(HOME, ["c2"]) == 2
    assert everything(graph) == [entity("kept")]
    assert graph.chunk_ids(HOME) == graph.chunk_ids("nowhere") == set()
    assert graph.forget_chunks("other", ["c3"]) == 1
    assert everything(graph, "other") == sorted(nodes, key=lambda e: e.id) + sorted(edges, key=lambda r: r.id)


def test_many_at_once(graph):
    count = 6000
    nodes = [entity(f"{n:05}", f"c{n % 1500}") for n in range(count)]
    edges = [edge(f"{n:05}", nodes[n].id, nodes[n * 7 % count].id, f"c{n % 1500}") for n in range(count)]
    graph.upsert(HOME, nodes, edges)
    assert everything(graph) == [*nodes, *edges]
    assert len(graph.mentioned(HOME, [f"c{n}" for n in range(1500)])) == 1500
    assert graph.forget_chunks(HOME, [f"c{n}" for n in range(1000)]) > 4000
    graph.clear(HOME)
    assert graph.totals() == {}


def test_processes_that_write_the_same_things_together(url):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_all, args=(url, HOME, seed)) for seed in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(240)
    assert [writer.exitcode for writer in writers] == [0] * 4
    nodes, edges = chain(120)
    with opened(url) as graph:
        assert everything(graph) == [*nodes, *edges]


def test_threads_share_a_store(graph):
    nodes, edges = chain(40)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: graph.upsert(HOME, nodes, edges[n:]), range(12)))
        found = list(pool.map(lambda n: graph.neighbourhood(HOME, [nodes[n].id]).distances, range(12)))
    assert everything(graph) == [*nodes, *edges]
    assert all(len(near) == 2 + (n > 0) for n, near in enumerate(found))
