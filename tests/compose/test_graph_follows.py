"""What documents leave behind in the graph when they go."""

from __future__ import annotations

from janus_lab import open_lab
from janus_lab.values.graph import Entity


def test_chunks_that_are_gone_are_gone_from_the_graph(tmp_path):
    (tmp_path / "a.txt").write_text("The heat pump warms the house in winter.")
    (tmp_path / "b.txt").write_text("The quokka lives on an island.")
    with open_lab(tmp_path / ".janus", inline=True) as lab:
        lab.ingest(tmp_path / "a.txt", tmp_path / "b.txt")
        first, second = lab.documents()
        chunks = {d.origin: lab._documents.chunk_ids([d.id])[d.id] for d in (first, second)}
        entities = [Entity(origin, origin, chunk_ids=tuple(ids)) for origin, ids in sorted(chunks.items())]
        lab.graph.upsert("default", [*entities, Entity("made by hand", "x")])
        lab.remove(first.origin)
        left = [entity.id for entity in lab.graph.iterate("default")]
        assert left == sorted(["made by hand", second.origin])
        (tmp_path / "b.txt").write_text("The wombat digs below the ground.")
        lab.ingest(tmp_path / "b.txt")
        assert [entity.id for entity in lab.graph.iterate("default")] == ["made by hand"]
