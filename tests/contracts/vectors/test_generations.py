"""Generations of an index, in every vector store."""

from __future__ import annotations

import numpy as np
import pytest
from vector_points import DIMENSIONS, HOME, found, ids, point

from janus_lab.errors import NotFound, StoreFailed, UsageError
from janus_lab.values.index_generation import IndexGeneration, IndexModel
from janus_lab.values.vector import Point


def test_a_generation_is_filled_while_the_old_one_serves(vectors):
    vectors.upsert(HOME, [point("old", "quokka")])
    new = vectors.prepare(HOME, DIMENSIONS * 2)
    assert (new.collection, new.number, new.dimensions, new.serving) == (HOME, 2, DIMENSIONS * 2, False)
    wide = np.ones(DIMENSIONS * 2, np.float32)
    vectors.upsert(new.name, [Point(ids("new")[0], wide, "quokka", {"year": 1})])
    assert vectors.ids(HOME) == set(ids("old"))
    assert vectors.ids(new.name) == set(found(vectors.search_sparse(new.name, "quokka", 5))) == set(ids("new"))
    assert vectors.collections() == [HOME]
    vectors.switch(HOME, new.number)
    vectors.switch(HOME, new.number)
    assert found(vectors.search_dense(HOME, wide, 5)) == ids("new")
    assert [(g.number, g.serving, g.dimensions) for g in vectors.generations(HOME)] == [
        (1, False, DIMENSIONS),
        (2, True, DIMENSIONS * 2),
    ]
    vectors.ensure(HOME, DIMENSIONS * 2)
    with pytest.raises(StoreFailed):
        vectors.ensure(HOME, DIMENSIONS)


def test_generations_go_one_by_one_but_not_the_one_that_serves(vectors):
    numbers = [vectors.prepare(HOME, DIMENSIONS).number for _ in range(2)]
    assert numbers == [2, 3]
    vectors.upsert(HOME, [point("a")])
    with pytest.raises(UsageError):
        vectors.drop(HOME, 1)
    vectors.drop(HOME, 2)
    vectors.drop(HOME, 2)
    vectors.switch(HOME, 3)
    vectors.drop(HOME, 1)
    assert [g.number for g in vectors.generations(HOME)] == [3]
    assert vectors.count(HOME) == 0
    assert vectors.prepare(HOME, DIMENSIONS).number == 4
    vectors.switch(HOME, 4)
    vectors.switch(HOME, 3)
    assert [g.serving for g in vectors.generations(HOME)] == [True, False]


def test_who_does_not_own_an_index_reads_which_model_serves_it(notes, vectors):
    assert [(one.collection, one.model) for one in notes.serving()] == [(HOME, None)]
    model = IndexModel("bge", "file:///bge.gguf", "cd" * 32)
    new = vectors.prepare(HOME, DIMENSIONS, model)
    vectors.ensure("reports", DIMENSIONS, model)
    assert [(one.collection, one.number) for one in notes.serving()] == [(HOME, 1), ("reports", 1)]
    vectors.switch(HOME, new.number)
    vectors.drop(HOME, 1)
    assert [(one.collection, one.model, one.serving) for one in notes.serving()] == [
        (HOME, model, True),
        ("reports", model, True),
    ]


def test_an_index_that_is_not_there_has_no_notes(notes):
    assert notes.serving() == []


def test_generations_that_are_not_there_are_told(vectors):
    with pytest.raises(NotFound):
        vectors.switch(HOME, 2)
    with pytest.raises(NotFound):
        vectors.prepare("no", DIMENSIONS)
    with pytest.raises(NotFound):
        vectors.switch("no", 1)
    vectors.drop("no", 1)
    vectors.drop(HOME, 7)
    assert vectors.generations("no") == []
    assert [g.number for g in vectors.generations(HOME)] == [1]
    assert vectors.count(IndexGeneration(HOME, 9, DIMENSIONS, serving=False).name) == 0


def test_a_generation_tells_whose_embeddings_it_holds(vectors):
    minilm, other = IndexModel("minilm", "file:///m.onnx", "0" * 64, "int8"), IndexModel("e5", "http://e5", "1" * 64)
    assert vectors.serving("no") is None
    assert vectors.serving(HOME) == IndexGeneration(HOME, 1, DIMENSIONS, serving=True)
    vectors.ensure(HOME, DIMENSIONS, minilm)
    vectors.ensure(HOME, DIMENSIONS, other)
    assert vectors.serving(HOME).model == minilm
    new = vectors.prepare(HOME, DIMENSIONS * 2, other, "run")
    assert (new.model, new.made_by) == (other, "run")
    assert [(g.model, g.made_by) for g in vectors.generations(HOME)] == [(minilm, ""), (other, "run")]
    vectors.switch(HOME, new.number)
    assert vectors.serving(HOME) == IndexGeneration(HOME, 2, DIMENSIONS * 2, serving=True, model=other, made_by="run")
    vectors.ensure("there", DIMENSIONS, other)
    assert vectors.serving("there").model == other
