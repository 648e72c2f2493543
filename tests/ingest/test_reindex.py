"""A collection indexed anew, on every vector store, with models that count letters in unlike ways."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pytest

from janus_lab.errors import EngineError, IndexModelMissing, NotFound, RunCancelled, UserError
from janus_lab.inference.embedding import Embedder
from janus_lab.inference.index_models import IndexEmbedders
from janus_lab.ingest.reindex import ReindexService
from janus_lab.values.codec import from_json
from janus_lab.values.event import EventKind
from janus_lab.values.filter import Condition, Operator
from janus_lab.values.generation import ModelInfo
from janus_lab.values.index_generation import IndexModel, ReindexReport
from janus_lab.values.request import ReindexRequest
from janus_lab.values.run import RunKind, RunState

HOME = "default"
everywhere = pytest.mark.parametrize("vectors_url", ["edge", "qdrant"], indirect=True)


@dataclass
class Letters:
    """How often each letter occurs, folded into so many numbers."""

    name: str
    dimensions: int
    embedded: list[str] = field(default_factory=list)
    before: list = field(default_factory=list)
    """Called one by one before each batch."""
    prefixes: tuple[str, str] = ("", "")

    @property
    def info(self):
        content = self.name * 8
        info = ModelInfo(f"test://{self.name}", self.name, content, "none", dimensions=self.dimensions)
        return replace(info, query_prefix=self.prefixes[0], passage_prefix=self.prefixes[1])

    def embed(self, texts):
        if self.before:
            self.before.pop(0)()
        self.embedded.extend(texts)
        vectors = np.ones((len(texts), self.dimensions), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            np.add.at(row, [ord(character) % self.dimensions for character in text], 1)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Models:
    """Models by name; the first is in use."""

    def __init__(self, cache, *models):
        self.models = {model.name: model for model in models}
        self.used = models[0].name
        self._cache = cache

    def __call__(self, name=""):
        model = self.models.get(name or self.used)
        if model is None:
            raise NotFound(f"there is no model called {name!r}", remedy="name another")
        return Embedder(model, self._cache)


class NoCache:
    def get(self, _model, _hashes):
        return {}

    def put(self, _model, embeddings):
        pass

    def forget(self, _hashes):
        pass


@pytest.fixture
def models(room):
    found = Models(NoCache(), Letters("old", 32), Letters("new", 48))
    object.__setattr__(room.stores, "embedders", IndexEmbedders(found))
    return found


@pytest.fixture
def reindex(room, models):
    def run(model="new", collection=HOME, cancelled=lambda: False, run=None):
        run = run or room.new_run(RunKind.REINDEX, ReindexRequest(collection, model))
        service = ReindexService(room.ledger, room.stores, grace_seconds=0)
        state = RunState.FAILED
        try:
            result = service.execute(room.context(run, cancelled))
            state = RunState.DONE
        finally:
            room.ledger.finish(run.id, state, at=time.time(), fence=1)
        return from_json(ReindexReport, result)

    return run


def write(files, count, words="alpha beta"):
    for number in range(count):
        (files / f"{number}.txt").write_text(f"{words} {number} " * 30)


def whole(room, model, number):
    """Exactly one generation, whole, with every embedding made by this model."""
    state = room.check()
    (generation,) = room.stores.vectors.generations(HOME)
    assert (generation.number, generation.serving) == (number, True)
    assert generation.model == IndexModel.of(model.info)
    chunks = room.stores.documents.chunks(sorted(state["vectors"]))
    found = room.stores.vectors.embeddings(HOME, [chunk.id for chunk in chunks])
    assert {len(vector) for vector in found.values()} <= {model.dimensions}
    return state


def test_a_collection_is_noted_to_be_of_the_model_in_use(room, files, models):
    write(files, 2)
    room.ingest(files)
    whole(room, models.models["old"], 1)


def test_an_index_of_before_models_were_noted_is_noted_by_its_next_ingest(room, files, models):
    room.stores.vectors.ensure(HOME, 32)
    write(files, 2)
    room.ingest(files)
    whole(room, models.models["old"], 1)


@everywhere
def test_a_new_generation_of_another_model_takes_the_old_ones_place(room, files, models, reindex):
    write(files, 5)
    room.ingest(files)
    before = room.check()
    report = reindex()
    assert whole(room, models.models["new"], 2) | {"indexes": before["indexes"]} == before
    assert (report.generation, report.model, report.before) == (2, "new", "old")
    assert report.chunks == report.embedded == len(before["vectors"]) == len(models.models["new"].embedded)


def test_ingests_go_on_with_the_model_that_serves_whatever_is_in_use(room, files, models, reindex):
    write(files, 2)
    room.ingest(files)
    reindex()
    write(files, 4)
    assert room.ingest(files).added == 2
    whole(room, models.models["new"], 2)
    models.used = "new"
    assert reindex("old").generation == 3
    (files / "0.txt").write_text("gamma")
    room.ingest(files)
    whole(room, models.models["old"], 3)


@everywhere
def test_an_index_keeps_the_prefixes_it_was_made_with_until_it_is_made_anew(room, files, models, reindex):
    model = models.models["old"]

    def read_since():
        texts, model.embedded = model.embedded, []
        return {text.partition(": ")[0] for text in texts}

    write(files, 2)
    room.ingest(files)
    assert read_since().isdisjoint({"query", "passage"})
    model.prefixes = ("query: ", "passage: ")
    write(files, 3)
    room.ingest(files)
    stores = room.stores
    stores.embedders.of(stores.vectors.serving(HOME)).embed_query("alpha")
    assert read_since().isdisjoint({"query", "passage"})
    reindex("old")
    write(files, 4)
    room.ingest(files)
    assert read_since() == {"passage"}
    whole(room, model, 2)
    model.prefixes = ("", "")
    stores.embedders.of(stores.vectors.serving(HOME)).embed_query("alpha")
    assert read_since() == {"query"}


@everywhere
def test_what_is_ingested_edited_and_removed_meanwhile_is_in_both(room, files, models, reindex):
    write(files, 40)
    room.ingest(files)
    ids = {document.origin: document.id for document in room.stores.documents.iterate()}
    old, new = models.models["old"], models.models["new"]
    seen = []

    def change():
        (files / "0.txt").write_text("gamma delta " * 40)
        (files / "late.txt").write_text("epsilon " * 40)
        room.ingest(files)
        room.remove(ids["files/1.txt"])
        serving, building = room.stores.vectors.generations(HOME)
        state = room.check()
        late = next(d for d in state["documents"].values() if d.origin == "files/late.txt")
        both = [room.stores.vectors.present(g.name, state["chunks"][late.id]) for g in (serving, building)]
        seen.append(both)

    new.before = [lambda: None, change]
    reindex()
    (both,) = seen
    assert both[0] == both[1] != set()
    whole(room, new, 2)
    assert len(old.embedded) > 0


@everywhere
def test_metadata_that_change_while_they_are_indexed_anew_are_the_later_ones(room, files, models, reindex):
    def write_year(year):
        (files / "a.md").write_text(f"---\nyear: {year}\n---\n# Title\n\nalpha beta gamma")
        room.ingest(files)

    write_year(2020)
    models.models["new"].before = [lambda: write_year(2021)]
    reindex()
    whole(room, models.models["new"], 2)
    years = [Condition("year", Operator.EQUALS, year) for year in (2020, 2021)]
    found = [room.stores.vectors.search_sparse(HOME, "alpha", 5, where=[year]) for year in years]
    assert [len(points) for points in found] == [0, 1]


@everywhere
def test_an_ingest_that_begins_before_and_ends_after_the_switch_is_in_the_new_one(room, files, models, reindex):
    write(files, 3)
    room.ingest(files)
    (files / "late.txt").write_text("epsilon " * 40)
    models.models["old"].before = [reindex]
    assert room.ingest(files).added == 1
    whole(room, models.models["new"], 2)


def test_an_ingest_does_not_fail_with_a_model_that_only_a_new_generation_needs(room, files, models, reindex):
    write(files, 3)
    room.ingest(files)
    new = models.models["new"]

    def fails():
        raise EngineError("it is out of order", remedy="wait")

    def ingest():
        (files / "late.txt").write_text("epsilon " * 40)
        new.before = [fails]
        assert room.ingest(files).added == 1

    new.before = [ingest]
    reindex()
    whole(room, new, 2)


def test_a_model_that_fails_leaves_the_old_one_and_nothing_else(room, files, models, reindex):
    write(files, 3)
    room.ingest(files)

    def fails():
        raise EngineError("it is out of order", remedy="wait")

    models.models["new"].before = [fails]
    with pytest.raises(EngineError, match="out of order"):
        reindex()
    whole(room, models.models["old"], 1)


def test_a_cancelled_run_leaves_the_old_one_and_can_be_retried(room, files, models, reindex):
    write(files, 40)
    room.ingest(files)
    run = room.new_run(RunKind.REINDEX, ReindexRequest(HOME, "new"))
    new = models.models["new"]
    with pytest.raises(RunCancelled):
        reindex(run=run, cancelled=lambda: len(new.embedded) > 60)
    whole(room, models.models["old"], 1)
    reindex(run=run)
    whole(room, new, 2)


def test_of_two_runs_the_first_goes_on(room, files, models, reindex):
    write(files, 3)
    room.ingest(files)
    run = partial(room.new_run, RunKind.REINDEX, ReindexRequest(HOME, "new"))
    first, second = run(), run()
    with pytest.raises(UserError, match=first.id[:12]):
        reindex(run=second)
    reindex(run=first)
    whole(room, models.models["new"], 2)


def test_what_an_unknown_run_left_is_swept_away(room, files, models, reindex):
    write(files, 3)
    room.ingest(files)
    room.stores.vectors.prepare(HOME, 7, made_by="dead")
    reindex()
    whole(room, models.models["new"], 2)


def test_a_collection_that_is_not_there_is_told(room, models, reindex):
    with pytest.raises(NotFound, match="nowhere"):
        reindex(collection="nowhere")


def test_a_model_that_is_no_longer_the_same_is_told_before_anything_is_mixed(room, files, models):
    write(files, 2)
    room.ingest(files)
    models.models = {"old": replace(Letters("other", 32), name="old", dimensions=33)}
    (files / "late.txt").write_text("epsilon")
    with pytest.raises(IndexModelMissing, match="old"):
        room.ingest(files)


def test_progress_is_told(room, files, models, reindex):
    write(files, 3)
    room.ingest(files)
    run = room.new_run(RunKind.REINDEX, ReindexRequest(HOME, "new"))
    report = reindex(run=run)
    last = [event.data for event in room.told(run.id) if event.kind is EventKind.PROGRESS][-1]
    assert (last["files_done"], last["files_total"], last["chunks_done"]) == (3, 3, report.chunks)


def test_a_generation_that_was_only_just_made_is_left_to_whoever_makes_it(room, files, models, reindex, capsys):
    write(files, 3)
    room.ingest(files)
    room.stores.vectors.prepare(HOME, 7)  # its note is yet to come
    (files / "late.txt").write_text("epsilon")
    assert room.ingest(files).added == 1
    assert "left-out" not in capsys.readouterr().out
    assert room.stores.vectors.count(room.stores.vectors.generations(HOME)[1].name) == 0
    reindex()
    whole(room, models.models["new"], 2)


@everywhere
def test_writers_side_by_side_with_reindexes_leave_stores_that_agree(room, files, models, reindex):
    write(files, 12)
    room.ingest(files)
    over = threading.Event()

    def repeatedly(act):
        for turn in itertools.count():
            if over.is_set():
                return
            act(turn)

    def edit(turn):
        (files / f"{turn % 12}.txt").write_text(f"zeta {turn} " * 30)
        room.ingest(files)

    def remove(_turn):
        present = [document.id for document in room.stores.documents.iterate()]
        if len(present) > 6:
            room.remove(present[0])

    with ThreadPoolExecutor() as pool:
        writers = [pool.submit(repeatedly, act) for act in (edit, remove)]
        try:
            for turn in range(6):
                reindex(("new", "old")[turn % 2])
        finally:
            over.set()
        for writer in writers:
            writer.result()
    whole(room, models.models["old"], 7)


def test_nobody_writes_while_another_generation_takes_over(room):
    order = []

    def switch():
        with room.stores.switching(HOME):
            order.append("switching")

    with ThreadPoolExecutor() as pool:
        with room.stores.changing([(HOME, "a.txt")]), room.stores.changing([(HOME, "b.txt")]):
            waiting = pool.submit(switch)
            with room.stores.switching("another"), pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
            order.append("written")
        waiting.result()
    assert order == ["written", "switching"]
