"""A collection of a full stack indexed anew by one worker while others ingest into it, and whoever does it dies."""

from __future__ import annotations

import pytest

from janus_lab import open_lab
from janus_lab.values.event import EventKind
from janus_lab.values.index_generation import ReindexReport
from janus_lab.values.ingest import IngestReport
from janus_lab.values.model import ModelOptions, ModelTask
from tests.end_to_end.conftest import write_reports
from tests.end_to_end.hosts import host_of

FILES = 30

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def lab(project, stack):
    write_reports(project / "reports", FILES)
    with open_lab(project / ".janus", **stack) as opened:
        yield opened


def test_what_others_ingest_meanwhile_is_in_the_new_index_though_its_builder_is_killed(lab, project, new_host):
    hosts = [new_host("one").start(wait=False), new_host("two").start()]
    hosts[0].wait_until_ready()
    lab.ingest(project / "reports")
    options = ModelOptions(precision="fp32")
    lab.models.add("precise", lab.settings.embedding_model, ModelTask.EMBEDDING, options)
    building = lab.start_reindex(model="precise")
    for event in building.events():
        if event.kind is EventKind.PROGRESS and event.data["chunks_done"] > 0:
            break
    (project / "reports" / "late.txt").write_text("The new pump was painted green in 1999.", encoding="utf-8")
    ingesting = lab.start_ingest(project / "reports")
    builder, _ = host_of(hosts, building.id)
    builder.kill()
    assert ingesting.wait(IngestReport).added == 1
    assert building.wait(ReindexReport).generation == 2
    report = lab.check()
    assert {name: report[name] for name in report if name.startswith(("orphan_v", "missing_v", "orphan_gen"))} == {
        "orphan_vectors": 0,
        "missing_vectors": 0,
        "orphan_generations": 0,
    }
    found = lab.search("colour of the new pump")
    assert "green" in found.hits[0].chunk.text
    assert lab.run(found.run_id).manifest["index"] == {"generation": 2, "model": "precise"}
