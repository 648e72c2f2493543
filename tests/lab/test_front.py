"""The facade does what it says, on real stores and real models, in this process."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from janus_lab import open_lab
from janus_lab.errors import NotFound, UserError
from janus_lab.values.answer import Outcome
from janus_lab.values.filter import Condition, Operator
from janus_lab.values.graph import Entity, Relation
from janus_lab.values.run import RunKind, RunState


def test_documents_are_named_relative_to_the_project(lab):
    assert [d.origin for d in lab.documents()] == [
        "notes/mast.md",
        "notes/pump.txt",
        "notes/weather.jsonl#a1",
        "notes/weather.jsonl#a2",
    ]


def test_ingesting_again_changes_nothing(lab, project):
    before = lab.documents()
    report = lab.ingest(project / "notes")
    assert (report.added, report.changed, report.unchanged, report.embedded) == (0, 0, 3, 0)
    assert lab.documents() == before


def test_an_edit_touches_only_what_changed(lab, project):
    before = {d.origin: d for d in lab.documents()}
    (project / "notes" / "mast.md").write_text("# The mast\n\nThe north mast was taken down in 2011.", encoding="utf-8")
    report = lab.ingest(project / "notes")
    assert (report.changed, report.unchanged) == (1, 2)
    after = {d.origin: d for d in lab.documents()}
    assert after["notes/mast.md"].id == before["notes/mast.md"].id
    assert after["notes/mast.md"].version_id != before["notes/mast.md"].version_id
    assert lab.search("how tall is the north mast?").hits[0].chunk.text.endswith("taken down in 2011.")


def test_an_answer_cites_spans_that_can_be_opened_even_after_an_edit(lab, project):
    answer = lab.ask("Who built the oldest pump?")
    assert answer.outcome in (Outcome.GENERATED, Outcome.EXTRACTIVE)
    assert "Mira Okafor" in answer.text
    (project / "notes" / "pump.txt").write_text("There are no pumps.", encoding="utf-8")
    lab.ingest(project / "notes")
    for citation in answer.citations:
        context = answer.cite(citation.number)
        assert context.quote == citation.quote == PUMP_TEXT[citation.start : citation.end]
        assert (context.before + context.quote + context.after) in PUMP_TEXT


PUMP_TEXT = "The pump house holds 12 pumps. The oldest pump was built in 1931 by Mira Okafor. It still runs every day."


def test_a_question_that_the_documents_do_not_answer_is_refused(lab):
    answer = lab.ask("Who won the chess tournament in Reykjavik?")
    assert answer.outcome is Outcome.REFUSED
    assert answer.citations == ()
    with pytest.raises(NotFound):
        answer.cite(1)


@pytest.mark.parametrize("collection", ["nobody's", "default"])
def test_a_collection_without_documents_says_so_and_how_to_go_on(project, collection):
    with open_lab(project / ".janus", inline=True) as lab:
        lab.ingest(project / "notes", collection="other")
        answer = lab.ask("Who built the oldest pump?", collection=collection)
        result = lab.search("pump", collection=collection)
        elsewhere = lab.search("pump", collection="other", where=[Condition("year", Operator.AT_LEAST, 3000)])
    assert answer.outcome is Outcome.REFUSED
    assert answer.text.startswith(f"Collection {collection} holds no documents yet. `janus ingest -c ")
    assert result.notes == (answer.text,)
    assert (elsewhere.hits, elsewhere.notes) == ((), ())


def test_search_says_who_found_what_and_obeys_conditions(lab):
    hit = lab.search("longest rain").hits[0]
    assert (hit.origin, hit.key, hit.rank) == ("notes/weather.jsonl#a2", "a2", 1)
    assert {ranking.retriever for ranking in hit.retrievers} == {"dense", "sparse"}
    old = lab.search("longest rain", where=[Condition("year", Operator.AT_MOST, 1980)])
    assert {h.key for h in old.hits} == {"a1"}


def test_many_queries_are_answered_in_their_order_in_one_run(lab):
    results = lab.search_many(["pump", "mast", "snow"])
    assert [r.query for r in results] == ["pump", "mast", "snow"]
    assert len({r.run_id for r in results}) == 1


def test_removing_a_document_removes_it_everywhere(lab):
    assert lab.remove("notes/weather.jsonl") == 2
    assert lab.remove("notes/pump.txt") == 1
    assert [d.origin for d in lab.documents()] == ["notes/mast.md"]
    assert {h.origin for h in lab.search("pump rain snow mast").hits} == {"notes/mast.md"}
    report = lab.check()
    assert (report["orphan_vectors"], report["orphan_objects"], report["documents"]) == (0, 0, 1)


def test_removing_a_folder_removes_what_is_below_it(lab):
    lab.ask("Who built the oldest pump?")
    assert lab.remove("notes") == 4
    assert lab.documents() == []
    with closing(sqlite3.connect(lab.settings.home / "janus.db")) as database:
        assert database.execute("SELECT count(*) FROM embedding").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM version").fetchone() == (0,)


def test_documents_are_found_by_their_paths_from_anywhere(lab, project, monkeypatch):
    monkeypatch.chdir(project / "notes")
    assert lab.document("mast.md") == lab.document(str(project / "notes" / "mast.md")) == lab.document("notes/mast.md")
    assert lab.document("weather.jsonl#a1").title == "Snow"
    assert lab.remove("weather.jsonl") == 2
    monkeypatch.chdir(project)
    assert lab.remove(str(project / "notes" / "pump.txt")) == 1
    assert lab.remove("./notes/") == 1
    with pytest.raises(NotFound):
        lab.remove("~nobody-of-this-name/x")


def test_a_plan_does_nothing(project):
    with open_lab(project / ".janus", inline=True) as lab:
        plan = lab.plan(project / "notes")
        assert (plan.files, plan.unchanged) == (3, 0)
        assert plan.chunks >= 4
        assert lab.documents() == []


def test_collections_are_kept_apart(lab, project):
    lab.ingest(project / "notes" / "pump.txt", collection="pumps")
    assert lab.collections() == ["default", "pumps"]
    assert {h.origin for h in lab.search("snow rain mast", collection="pumps").hits} == {"notes/pump.txt"}
    with pytest.raises(UserError, match="2 documents are called"):
        lab.document("notes/pump.txt")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda lab: lab.ask("  "), UserError),
        (lambda lab: lab.search(""), UserError),
        (lambda lab: lab.ingest(), UserError),
        (lambda lab: lab.ingest(""), UserError),
        (lambda lab: lab.ingest("https://example.invalid/a.pdf"), UserError),
        (lambda lab: lab.ingest("no/such/file.txt"), NotFound),
        (lambda lab: lab.ingest("~$lock of nobody.docx"), NotFound),
        (lambda lab: lab.remove("nothing.txt"), NotFound),
        (lambda lab: lab.run("ffffffff"), NotFound),
    ],
)
def test_a_bad_request_has_a_remedy_and_leaves_no_run(lab, call, error):
    before = len(lab.runs())
    with pytest.raises(error) as caught:
        call(lab)
    assert caught.value.remedy
    assert len(lab.runs()) == before


def test_runs_keep_what_they_were_asked_and_what_they_pinned(lab):
    answer = lab.ask("How tall is the north mast?")
    run = lab.run(answer.run_id[:14])
    assert (run.kind, run.state) == (RunKind.ASK, RunState.DONE)
    assert run.request["question"] == "How tall is the north mast?"
    assert run.manifest
    assert lab.attach(run.id).answer() == answer


def test_the_stores_are_mended_where_they_disagree(lab, project):
    # Somebody restores an old copy of the database: the vectors know more than the documents.
    lab._documents.remove([lab.document("notes/pump.txt").id])
    ((_, own), *_) = lab._documents.chunk_ids([document.id for document in lab.documents()]).items()
    lab.graph.upsert(
        "default",
        [
            Entity("mast", "mast", chunk_ids=(own[0], "gone")),
            Entity("pump", "pump", chunk_ids=("gone",)),
            Entity("noted", "noted by hand"),
        ],
        [Relation("r", "mast", "noted", chunk_ids=("also gone",))],
    )
    lab.graph.upsert("without documents", [Entity("pump", "pump", chunk_ids=("gone", "long gone"))])
    report = lab.check()
    assert (report["orphan_vectors"], report["orphan_graph_chunks"]) == (1, 4)
    assert lab.check(mend=True)["mended"]
    report = lab.check()
    assert (report["orphan_vectors"], report["orphan_objects"], report["orphan_graph_chunks"]) == (0, 0, 0)
    assert lab.graph.totals() == {"default": (2, 0)}
    assert lab.graph.chunk_ids("default") == {own[0]}
