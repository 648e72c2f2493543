"""Write a graph into Neo4j through the port and through its bare driver, and look at neighbourhoods in both; SQLite beside them.

    python benchmarks/graph_store.py [--entities 100000] [--relations 500000] [--looks 100]

The bare driver sends hand-written UNWIND statements of the same size, each in a transaction of its own, with the same constraints
and indexes. Each side has a server of its own, new and empty. They take turns batch by batch and look by look, so that whatever
else the machine does slows both. The looks ask for everything within one and three hops of random entities, at most 1,000 of them,
with all their properties and the relations among them; both sides must find the same.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
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
from janus_lab.values.graph import Entity, Neighbourhood, Relation
from janus_lab.values.ids import content_id

BATCH = 5000
LIMIT = 1000
WARMING = 20
WRITE_TARGET, LOOK_TARGET = 0.7, 1.3
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
    parser.add_argument("--looks", type=int, default=100)
    arguments = parser.parse_args()
    entities, relations = made(arguments.entities, arguments.relations)
    sought = random.Random(1).choices([entity.id for entity in entities], k=arguments.looks)
    with TemporaryDirectory(prefix="janus-graph-") as folder:
        with servers(Path(folder)) as (bare, graph):
            compare_writes(bare, graph, entities, relations)
            for hops in (1, 3):
                compare_looks(bare, graph, sought, hops)
            print(f"Neo4j: PageRank {ranked(graph, sought)}", flush=True)
        with embedded.open_graph(f"sqlite:///{folder}/graph.db") as graph:
            seconds = sum(timed(partial(graph.upsert, "bench", *batch)) for batch in batches(entities, relations))
            print(f"SQLite: written in {seconds:.1f} s", flush=True)
            for hops in (1, 3):
                milliseconds = [timed(partial(look, graph, name, hops)) * 1000 for name in sought]
                print(f"SQLite: {hops} hops p50 {statistics.median(milliseconds):.1f} ms")
            print(f"SQLite: PageRank {ranked(graph, sought)}")


@contextmanager
def servers(folder: Path) -> Iterator[tuple[neo4j.Driver, GraphStore]]:
    """A driver to one new server, and a store in another; both have our constraints and indexes."""
    with Engine(server_kind, folder / "bare") as one, Engine(server_kind, folder / "port") as other:
        with ours.open_graph(one.url):
            pass
        auth = ("neo4j", one.site.values["JANUS_NEO4J_PASSWORD"])
        address = f"bolt://127.0.0.1:{one.port}"
        with (
            neo4j.GraphDatabase.driver(address, auth=auth, notifications_min_severity="OFF") as bare,
            ours.open_graph(other.url) as graph,
        ):
            yield bare, graph


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


def compare_writes(
    bare: neo4j.Driver, graph: GraphStore, entities: Sequence[Entity], relations: Sequence[Relation]
) -> None:
    """Everything into both, a batch here and a batch there."""
    seconds = {"bare": 0.0, "port": 0.0}
    total, done = len(entities) + len(relations), 0
    for number, batch in enumerate(batches(entities, relations)):
        writers: list[tuple[str, Callable[[], object]]] = [
            ("bare", partial(write_bare, bare, *batch)),
            ("port", partial(graph.upsert, "bench", *batch)),
        ]
        for name, write in writers if number % 2 else reversed(writers):
            seconds[name] += timed(write)
        done += sum(map(len, batch))
        if number % 10 == 0 or done == total:
            print(f"{done:,} of {total:,} written: bare driver {seconds['bare']:.1f} s, port", end=" ")
            print(f"{seconds['port']:.1f} s", flush=True)
    print(f"writing: {seconds['bare'] / seconds['port']:.2f} times the bare driver's speed", end=" ")
    print(f"(wanted: at least {WRITE_TARGET})", flush=True)


def compare_looks(bare: neo4j.Driver, graph: GraphStore, sought: Sequence[str], hops: int) -> None:
    """The same neighbourhoods from both, after some to warm up."""
    for name in sought[:WARMING]:
        there, here = look_bare(bare, name, hops), look(graph, name, hops)
        found = [row["id"] for row in there["entities"]], there["distances"]
        if found != ([e.id for e in here.entities], list(here.distances.values())) or {
            row[2]["id"] for row in there["relations"]
        } != {relation.id for relation in here.relations}:
            raise SystemExit(f"both sides differ around {name}")
    times: dict[str, list[float]] = {"bare": [], "port": []}
    for number, name in enumerate(sought):
        sides: list[tuple[str, Callable[[], object]]] = [
            ("bare", partial(look_bare, bare, name, hops)),
            ("port", partial(look, graph, name, hops)),
        ]
        for side, act in sides if number % 2 else reversed(sides):
            times[side].append(timed(act) * 1000)
    driver, port = (statistics.median(times[side]) for side in ("bare", "port"))
    print(f"{hops} hops: bare driver p50 {driver:.1f} ms, port {port:.1f} ms", end="; ")
    print(f"{port / driver:.2f} times (wanted: at most {LOOK_TARGET})", flush=True)


def write_bare(driver: neo4j.Driver, entities: Sequence[Entity], relations: Sequence[Relation]) -> None:
    """One batch by hand."""
    query, rows = (NODES, [node_row(e) for e in entities]) if entities else (EDGES, [edge_row(r) for r in relations])
    with driver.session() as session:
        session.execute_write(lambda transaction: transaction.run(query, rows=rows).consume())


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


def batches(
    entities: Sequence[Entity], relations: Sequence[Relation]
) -> Iterator[tuple[Sequence[Entity], Sequence[Relation]]]:
    """As many as one transaction takes: entities first, then relations."""
    for start in range(0, len(entities), BATCH):
        yield entities[start : start + BATCH], ()
    for start in range(0, len(relations), BATCH):
        yield (), relations[start : start + BATCH]


def look(graph: GraphStore, name: str, hops: int) -> Neighbourhood:
    """A neighbourhood through the port."""
    return graph.neighbourhood("bench", [name], hops=hops, limit=LIMIT)


def look_bare(driver: neo4j.Driver, name: str, hops: int) -> dict[str, Any]:
    """A neighbourhood by hand."""
    query = AROUND.replace("HOPS", str(hops))
    with driver.session(default_access_mode=neo4j.READ_ACCESS, database="neo4j") as session:
        return session.execute_read(lambda t: t.run(query, key=KEY + name, limit=LIMIT).data())[0]


def ranked(graph: GraphStore, sought: Sequence[str]) -> str:
    """Seconds of the first ranking, which loads the snapshot, and of the next."""
    first, second = (timed(lambda: graph.page_rank("bench", dict.fromkeys(sought[:5], 1.0))) for _ in range(2))
    return f"{first:.2f} s with loading its snapshot, then {second:.2f} s"


def timed(act: Callable[[], object]) -> float:
    """Seconds that something takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
