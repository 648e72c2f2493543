"""Generations on disk: what a crash leaves, and what older code makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from vector_points import DIMENSIONS, ids, point

from janus_lab.adapters.vector.collection import MAKING, folder
from janus_lab.adapters.vector.edge import open_vectors
from janus_lab.values.ids import content_id


@pytest.fixture
def url(tmp_path):
    return f"edge://{tmp_path}/vectors"


def root(url: str) -> Path:
    return Path(url.removeprefix("edge://"))


def test_what_an_interrupted_removal_left_is_swept(url):
    with open_vectors(url) as vectors:
        vectors.ensure("home", DIMENSIONS)
        new = vectors.prepare("home", DIMENSIONS)
        vectors.switch("home", new.number)
    doomed = folder(root(url), "home").rename(root(url) / f"{MAKING}doomed")
    with open_vectors(url) as vectors:
        assert [g.number for g in vectors.generations("home")] == [2]
    assert not doomed.exists()


def test_generations_are_there_when_it_is_opened_again(url):
    with open_vectors(url) as vectors:
        vectors.ensure("home", DIMENSIONS)
        vectors.upsert("home", [point("old")])
        new = vectors.prepare("home", DIMENSIONS)
        vectors.upsert(new.name, [point("new")])
    with open_vectors(url) as vectors:
        assert vectors.ids("home") == set(ids("old"))
        vectors.switch("home", new.number)
        vectors.drop("home", 1)
    with open_vectors(url) as vectors:
        assert vectors.ids("home") == set(ids("new"))
        assert vectors.collections() == ["home"]


def test_a_switch_that_was_not_finished_did_not_happen(url):
    with open_vectors(url) as vectors:
        vectors.ensure("home", DIMENSIONS)
        vectors.prepare("home", DIMENSIONS)
    half = root(url) / f"{MAKING}{content_id('collection', 'home')}.serving"
    half.write_text("2")
    with open_vectors(url) as vectors:
        assert [(g.number, g.serving) for g in vectors.generations("home")] == [(1, True), (2, False)]
    assert not half.exists()


def test_older_code_does_not_take_a_second_generation_for_the_first(url):
    with open_vectors(url) as vectors:
        vectors.ensure("home", DIMENSIONS)
        vectors.prepare("home", DIMENSIONS)
    notes = [folder(root(url), "home", n) / "collection.json" for n in (1, 2)]
    assert [json.loads(note.read_text())["layout"] for note in notes] == [1, 3]
