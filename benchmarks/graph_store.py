"""Write a graph into Neo4j through the port and through its bare driver, and look at neighbourhoods in both; SQLite beside them.

    python benchmarks/graph_store.py [--entities 100000] [--relations 500000] [--looks 200] [--turns 2]

The bare driver sends hand-written UNWIND statements of the same size, each in a transaction of its own, with the same constraints
and indexes. Its database is empty before each turn, as ours is. The looks ask for everything within one and three hops of random
entities, at most 1,000 of them, with all their properties and the relations among them. Shared machines are noisy: turns alternate.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

import neo4j
from native_stack import neo4j as server_kind
from native_stack.engine import Engine

from janus_lab.adapters.graph import embedded
from janus_lab.adapters.graph import neo4j as ours
from janus_lab.ports.graph import GraphStore
from janus_lab.values.graph import Entity, Relation
from janus_lab.values.ids import content_id

BATCH = 5000
LIMIT = 1000
WRITE_TARGET, LOOK_TARGET = 0.7, 1.3
EMPTY = "MATCH (n) WHERE NOT n:JanusSchema CALL { WITH n DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS"
NODES = "UNWIND $rows AS row MERGE (e:Entity {key: row.key}) SET e = row"
EDGES = """UNWIND $rows AS row MATCH (s:Entity {key: row.source}) MATCH (t:Entity {key: row.target})
MERGE (s)-[r:RELATED {key: row.key}]->(t) SET r = row.values"""
AROUND = """MATCH (s:Entity {key: $key})
MATCH p = (s)-[:RELATED*0..HOPS]-(e:Entity)
WITH e, min(length(p)) AS distance ORDER BY distance, e.id LIMIT $limit
WITH collect(e) AS found, collect(distance) AS distances
CALL { WITH found UNWIND found AS a MATCH (a)-[r:RELATED]->(b:Entity) WHERE b IN found
       RETURN collect([a.id, b.id, properties(r)]) AS relations }
RETURN [e IN found | properties(e)] AS entities, distances, relations"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entities", type=int, default=100_000)
    parser.add_argument("--relations", type=int, default=500_000)
    parser.add_argument("--looks", type=int, default=200)
    parser.add_argument("--turns", type=int, default=2)
    arguments = parser.parse_args()
    entities, relations = made(arguments.entities, arguments.relations)
    sought = [random.Random(1).choice(entities).id for _ in range(arguments.looks)]
    with TemporaryDirectory(prefix="janus-graph-") as folder:
        with Engine(server_kind, Path(folder) / "neo4j") as engine, ours.open_graph(engine.url) as graph:
            compare(engine, graph, (entities, relations), sought, arguments.turns)
        with embedded.open_graph(f"sqlite:///{folder}/graph.db") as graph:
            print(f"SQLite: written in {timed(lambda: fill(graph, entities, relations)):.1f} s")
            for hops in (1, 3):
                print(f"SQLite: {hops} hops p50 {look(graph, sought, hops):.1f} ms")
            print(f"SQLite: PageRank {ranked(graph, sought)}")


def made(entities: int, relations: int) -> tuple[list[Entity], list[Relation]]:
    """A random graph in which each chunk mentions some entities and states some relations."""
    chance = random.Random(0)
    chunks = [content_id("chunk", str(n)) for n in range(entities // 5)]
    nodes = [
        Entity(content_id("e", str(n)), f"Entity {n}", "concept", "what it is " * 4, {"n": n}, (chunks[n // 5],))
        for n in range(entities)
    ]
    edges = [
        Relation(
            content_id("r", str(n)),
            chance.choice(nodes).id,
            chance.choice(nodes).id,
            "related",
            "why it is so",
            chance.random(),
            {},
            (chance.choice(chunks),),
        )
        for n in range(relations)
    ]
    return nodes, edges


def compare(
    engine: Engine, graph: GraphStore, made_graph: tuple[list[Entity], list[Relation]], sought: list[str], turns: int
) -> None:
    """Both in alternating turns; the ratio of each turn, and the average."""
    entities, relations = made_graph
    auth = ("neo4j", engine.site.values["JANUS_NEO4J_PASSWORD"])
    with neo4j.GraphDatabase.driver(
        f"bolt://127.0.0.1:{engine.port}", auth=auth, notifications_min_severity="OFF"
    ) as bare:
        ratios = []
        for turn in range(turns):
            bare.execute_query("RETURN 1")
            seconds: dict[str, float] = {}
            writers: list[tuple[str, Callable[[], object]]] = [
                ("bare driver", lambda: bare_fill(bare, entities, relations)),
                ("port", lambda: fill(graph, entities, relations)),
            ]
            for name, write in writers if turn % 2 else reversed(writers):
                with bare.session() as session:
                    session.run(EMPTY).consume()
                seconds[name] = timed(write)
                print(f"{name}: written in {seconds[name]:.1f} s", flush=True)
            ratios.append(seconds["bare driver"] / seconds["port"])
            print(f"writing: {ratios[-1]:.2f} times the bare driver's speed", flush=True)
        print(f"writing: {statistics.mean(ratios):.2f} on average (wanted: at least {WRITE_TARGET})")
        fill(graph, entities, relations)
        for hops in (1, 3):
            looks = [(bare_look(bare, sought, hops), look(graph, sought, hops)) for _ in range(turns)]
            driver, port = (min(times) for times in zip(*looks, strict=True))
            print(f"{hops} hops: bare driver p50 {driver:.1f} ms, port {port:.1f} ms", end="; ")
            print(f"{port / driver:.2f} times (wanted: at most {LOOK_TARGET})", flush=True)
        print(f"Neo4j: PageRank {ranked(graph, sought)}")


def fill(graph: GraphStore, entities: Sequence[Entity], relations: Sequence[Relation]) -> None:
    """All of it through the port."""
    for batch in batches(entities):
        graph.upsert("bench", batch)
    for edges in batches(relations):
        graph.upsert("bench", [], edges)


def bare_fill(driver: neo4j.Driver, entities: Sequence[Entity], relations: Sequence[Relation]) -> None:
    """All of it by hand."""
    with driver.session() as session:
        for batch in batches(entities):
            session.execute_write(lambda t, rows: t.run(NODES, rows=rows).consume(), [node_row(e) for e in batch])
        for edges in batches(relations):
            session.execute_write(lambda t, rows: t.run(EDGES, rows=rows).consume(), [edge_row(r) for r in edges])


def node_row(e: Entity) -> dict[str, Any]:
    """The properties that the port writes."""
    return {
        "key": KEY + e.id,
        "id": e.id,
        "collection": "bench",
        "name": e.name,
        "kind": e.kind,
        "description": e.description,
        "attributes": json.dumps(dict(e.attributes)),
        "chunk_ids": list(e.chunk_ids),
    }


def edge_row(r: Relation) -> dict[str, Any]:
    """The properties that the port writes, and both ends."""
    values = {
        "key": KEY + r.id,
        "id": r.id,
        "kind": r.kind,
        "description": r.description,
        "weight": r.weight,
        "attributes": json.dumps(dict(r.attributes)),
        "chunk_ids": list(r.chunk_ids),
    }
    return {"key": values["key"], "source": KEY + r.source, "target": KEY + r.target, "values": values}


KEY = content_id("graph collection", "bench")


def batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """As many values as one statement takes."""
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]


def look(graph: GraphStore, sought: Sequence[str], hops: int) -> float:
    """Median milliseconds of a neighbourhood through the port."""
    return median(lambda name: graph.neighbourhood("bench", [name], hops=hops, limit=LIMIT), sought)


def bare_look(driver: neo4j.Driver, sought: Sequence[str], hops: int) -> float:
    """Median milliseconds of a neighbourhood by hand."""
    query = AROUND.replace("HOPS", str(hops))
    with driver.session(default_access_mode=neo4j.READ_ACCESS, database="neo4j") as session:
        return median(
            lambda name: session.execute_read(lambda t: t.run(query, key=KEY + name, limit=LIMIT).data()), sought
        )


def ranked(graph: GraphStore, sought: Sequence[str]) -> str:
    """Seconds of the first ranking, which loads the snapshot, and of the next."""
    first, second = (timed(lambda: graph.page_rank("bench", dict.fromkeys(sought[:5], 1.0))) for _ in range(2))
    return f"{first:.2f} s with loading its snapshot, then {second:.2f} s"


def median(act: Callable[[str], object], sought: Sequence[str]) -> float:
    """Median milliseconds, after some to warm up."""
    for name in sought[:20]:
        act(name)
    return statistics.median(timed(lambda name=name: act(name)) for name in sought) * 1000


def timed(act: Callable[[], object]) -> float:
    """Seconds that something takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
