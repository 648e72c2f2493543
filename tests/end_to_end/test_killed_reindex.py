"""kill -9 while a collection is indexed anew: the old index serves until the new one is whole, and the run goes on."""

from __future__ import annotations

import os
import signal

import pytest

from janus_lab.values.event import EventKind
from janus_lab.values.index_generation import ReindexReport
from janus_lab.values.model import ModelOptions, ModelTask
from tests.end_to_end.conftest import write_reports

FILES = 40
QUERY = "storms of 1987"

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


@pytest.fixture
def lab(project, new_lab):
    """A lab with an index of the model in use, which knows the same model in full precision as another one."""
    lab = new_lab(project / ".janus")
    write_reports(project / "reports", FILES)
    lab.ingest(project / "reports")
    options = ModelOptions(precision="fp32")
    lab.models.add("precise", lab.settings.embedding_model, ModelTask.EMBEDDING, options)
    return lab


def served(lab):
    """Which generation answers a search, and of which model it is."""
    run = lab.run(lab.search(QUERY).run_id)
    return run.manifest["index"]["generation"], run.manifest["index"]["model"]


def assert_whole(lab):
    report = lab.check()
    wrong = {name: report[name] for name in report if name.startswith(("orphan_", "missing_")) and report[name]}
    assert wrong == {}


@pytest.mark.parametrize("victim", ["worker_pid", "server_pid"])
def test_a_reindex_survives_the_death_of(victim, lab, project):
    before = [hit.chunk.id for hit in lab.search(QUERY).hits]
    assert served(lab)[0] == 1
    handle = lab.start_reindex(model="precise")
    for event in handle.events():
        if event.kind is EventKind.PROGRESS and 0 < event.data["chunks_done"] < lab.status().chunks:
            os.kill(getattr(lab.status(), victim), signal.SIGKILL)
            break
    else:
        pytest.fail("it was over before it could be disturbed")
    found = lab.search(QUERY)
    index = lab.run(found.run_id).manifest["index"]
    assert (index["generation"], index["model"]) in ((1, "all-MiniLM-L6-v2"), (2, "precise"))
    assert len(set(before) & {hit.chunk.id for hit in found.hits}) >= len(before) - 2, "whichever serves is whole"
    (project / "reports" / "late.txt").write_text("The new pump was painted green in 1999.", encoding="utf-8")
    assert lab.ingest(project / "reports").added == 1
    report = handle.wait(ReindexReport)
    assert (report.generation, report.model, report.before) == (2, "precise", "all-MiniLM-L6-v2")
    assert served(lab) == (2, "precise")
    assert_whole(lab)
    assert len(set(before) & {hit.chunk.id for hit in lab.search(QUERY).hits}) >= len(before) - 2
    assert "green" in lab.search("colour of the new pump").hits[0].chunk.text
