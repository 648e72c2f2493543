"""Any sequence of writes to a graph store leaves what two dictionaries would have."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from janus_lab.errors import Defect
from janus_lab.values.graph import Entity, Relation
from tests.contracts.graph_writer import opened

CHUNK_IDS = ["c1", "c2", "c3"]
NAMES, CHUNKS = st.sampled_from("abcd"), st.lists(st.sampled_from(CHUNK_IDS), max_size=3).map(tuple)
ENTITIES = st.builds(Entity, id=NAMES, name=st.text("xy☃", max_size=2), chunk_ids=CHUNKS)
RELATIONS = st.builds(
    Relation,
    id=st.sampled_from("rst"),
    source=NAMES,
    target=NAMES,
    weight=st.floats(0, 10),
    chunk_ids=CHUNKS,
)
ACTS = st.one_of(
    st.tuples(st.just("upsert"), st.lists(ENTITIES, max_size=4), st.lists(RELATIONS, max_size=3)),
    st.tuples(st.just("forget"), st.lists(st.sampled_from(CHUNK_IDS), max_size=2)),
    st.tuples(st.just("clear")),
)


class Model:
    """The same store as two dictionaries."""

    def __init__(self) -> None:
        self.nodes: dict[str, Entity] = {}
        self.edges: dict[str, Relation] = {}

    def upsert(self, entities, relations) -> bool:
        nodes = self.nodes | {e.id: e for e in entities}
        edges = {r.id: r for r in relations}
        if any({r.source, r.target} - nodes.keys() for r in edges.values()):
            return False
        self.nodes, self.edges = nodes, self.edges | edges
        return True

    def forget(self, gone) -> int:
        before = len(self.nodes) + len(self.edges)
        self.nodes = self._left(self.nodes, gone)
        held = {i: r for i, r in self.edges.items() if {r.source, r.target} <= self.nodes.keys()}
        self.edges = self._left(held, gone)
        return before - len(self.nodes) - len(self.edges)

    def _left(self, things, gone):
        pairs = ((t, replace(t, chunk_ids=tuple(c for c in t.chunk_ids if c not in gone))) for t in things.values())
        return {old.id: new for old, new in pairs if new.chunk_ids or not old.chunk_ids}

    def state(self):
        return [*(self.nodes[i] for i in sorted(self.nodes)), *(self.edges[i] for i in sorted(self.edges))]


def sequences(examples: int):
    """A test of so many sequences, each in a collection of its own."""
    numbers = itertools.count()

    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(acts=st.lists(ACTS, min_size=3, max_size=8))
    def check(graph, acts):
        carry_out(graph, f"papers {next(numbers)}", acts)

    return check


def test_any_sequence_leaves_what_the_model_has_in_a_file(tmp_path):
    with opened(f"sqlite:///{tmp_path}/graph.db") as graph:
        sequences(60)(graph)


def test_any_sequence_leaves_what_the_model_has_on_a_server(neo4j_url):
    with opened(neo4j_url) as graph:
        sequences(15)(graph)


def carry_out(graph, collection: str, acts) -> None:
    """Do the same to the store and to the model, and compare."""
    model = Model()
    for name, *values in acts:
        if name == "clear":
            graph.clear(collection)
            model = Model()
        elif name == "forget":
            assert graph.forget_chunks(collection, *values) == model.forget(*values)
        elif model.upsert(*values):
            graph.upsert(collection, *values)
        else:
            with pytest.raises(Defect):
                graph.upsert(collection, *values)
    assert list(graph.iterate(collection)) == model.state()
    mentions = {c: sorted(e.id for e in model.nodes.values() if c in e.chunk_ids) for c in CHUNK_IDS}
    assert graph.mentioned(collection, CHUNK_IDS) == {c: names for c, names in mentions.items() if names}
    supporting = {c for thing in model.state() for c in thing.chunk_ids}
    assert graph.chunk_ids(collection) == supporting
