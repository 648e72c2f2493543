"""A removal while the graph is away: it is given back, and ends by itself when the graph is there again."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from janus_lab.values.graph import Entity
from janus_lab.values.run import RunKind
from tests.end_to_end.conftest import write_reports

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


def test_a_removal_ends_when_the_graph_is_back(project, new_lab, neo4j_url, neo4j_server):
    lab = new_lab(project / ".janus", graph_url=neo4j_url)
    lab.ingest(write_reports(project / "reports", 3, sentences=6))
    documents = lab.documents()
    chunk_ids = lab._documents.chunk_ids([document.id for document in documents])
    lab.graph.upsert("default", [Entity(document.id, "it", chunk_ids=chunk_ids[document.id]) for document in documents])
    gone, *kept = documents
    neo4j_server.kill()
    with ThreadPoolExecutor(1) as pool:
        removal = pool.submit(lab.remove, gone.id)
        log = project / ".janus" / "logs" / "worker.log"
        deadline = time.monotonic() + 120
        while "attempt-abandoned" not in log.read_text(encoding="utf-8"):
            assert not removal.done()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        # As long as the graph knows of its chunks, the document stays: it tells which they are.
        assert len(lab.documents()) == 3
        neo4j_server.restart()
        removal.result(180)
    assert [document.id for document in lab.documents()] == [document.id for document in kept]
    assert lab.graph.totals() == {"default": (2, 0)}
    assert len(lab.runs(kinds=[RunKind.REMOVE])) == 1
    report = lab.check()
    assert {name: count for name, count in report.items() if name.startswith(("orphan", "missing")) and count} == {}
