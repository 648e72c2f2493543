"""One of several processes that write the same graph; with few imports, because each process makes them anew."""

from __future__ import annotations

import itertools

from janus_lab.values.graph import Entity, Relation


def opened(url: str):
    """The graph store at a URL."""
    if url.startswith("sqlite"):
        from janus_lab.adapters.graph.embedded import open_graph

        return open_graph(url)
    from janus_lab.adapters.graph.neo4j import open_graph as open_neo4j

    return open_neo4j(url)


def chain(count: int) -> tuple[list[Entity], list[Relation]]:
    """Entities in a row, each related to the next."""
    names = [f"{n:03}" for n in range(count)]
    nodes = [Entity(name, f"the {name}") for name in names]
    return nodes, [Relation(f"{a}-{b}", a, b) for a, b in itertools.pairwise(names)]


def write_all(url: str, collection: str, seed: int) -> None:
    """Write a chain in pieces, forwards or backwards."""
    nodes, edges = chain(120)
    order = range(0, 120, 10) if seed % 2 else range(110, -1, -10)
    with opened(url) as graph:
        for start in order:
            ends = nodes[start : start + 11]
            graph.upsert(collection, ends, [e for e in edges[start : start + 10] if e.target in {n.id for n in ends}])
