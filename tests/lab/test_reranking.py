"""A lab with a reranker: what it says reaches the hits, the run's manifest and TREC's lines."""

from __future__ import annotations

import pytest
from cross_encoders import overlap_model

from janus_lab import open_lab
from janus_lab.values.hit import RERANK
from janus_lab.verbs.lists_of_queries import trec_lines

QUESTION = "who built the oldest pump in 1931"


@pytest.fixture
def opened(project, tmp_path):
    def open_with(uri, **settings):
        return open_lab(project / ".janus", inline=True, reranking_model=uri, **settings)

    return open_with, overlap_model(tmp_path / "models", tmp_path / "cache").as_uri()


def test_hits_are_ranked_by_the_model_that_is_set(opened, project):
    open_with, uri = opened
    with open_with(uri) as lab:
        lab.ingest(project / "notes")
        result = lab.search(QUESTION)
        manifest = lab.run(result.run_id).manifest
        answer = lab.ask(QUESTION)
        asked = lab.run(answer.run_id).manifest
    scores = [hit.score_of(RERANK) for hit in result.hits]
    assert len(scores) > 1
    assert scores == sorted(scores, reverse=True)
    assert scores[0] >= 5
    assert [hit.rank for hit in result.hits] == list(range(1, len(scores) + 1))
    assert "rerank" in result.timings
    assert manifest["reranking_model"]["name"] == "overlap"
    assert asked["reranking_model"] == manifest["reranking_model"]
    shown = [float(line.split()[4]) for line in trec_lines("1", result, 10)]
    assert shown == sorted(shown, reverse=True)


def test_a_model_that_is_not_there_is_named_and_search_goes_on(opened, project, tmp_path):
    open_with, _ = opened
    with open_with((tmp_path / "gone.onnx").as_uri()) as lab:
        lab.ingest(project / "notes")
        result = lab.search(QUESTION)
        manifest = lab.run(result.run_id).manifest
    assert result.hits
    assert all(hit.score_of(RERANK) is None for hit in result.hits)
    assert "gone" in result.notes[0]
    assert "reranking_model" not in manifest
