"""Whole databases copied in both directions: nothing lost or doubled, gone on with after an end in the middle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from janus_lab.adapters.documents.store import open_documents
from janus_lab.adapters.relational import copy
from janus_lab.adapters.relational.copy import copy_rows
from janus_lab.adapters.relational.embedding_cache import open_embedding_cache
from janus_lab.adapters.relational.ledger import open_ledger
from janus_lab.adapters.relational.measurements import open_measurements
from janus_lab.adapters.relational.model_registry import open_model_registry
from janus_lab.adapters.relational.source_index import open_source_index
from janus_lab.errors import SettingsError
from janus_lab.values.document import SourceStamp
from janus_lab.values.filter import Condition, Operator
from janus_lab.values.model import Footprint, LoadPlan, Measurement, ModelRecord, ModelTask
from janus_lab.values.run import Priority, Run, RunKind, RunState, Step

RUN = Run("a" * 32, RunKind.INGEST, RunState.QUEUED, Priority.BATCH, {"q": "\ud800 \0", "huge": 1e308}, 1.0)

MODEL = ModelRecord("ä", ModelTask.RERANKING, "hf://a/b/c.gguf")
MEASURED = Measurement("c" * 64, "here", LoadPlan(tensor_split=(0.1, 0.9)), Footprint({"ram": 2**40}, {}, {}), 1.0)


def silent(_table: str, _done: int, _total: int) -> None:
    pass


def fill(url: str, make_version, count: int = 30) -> None:
    versions = [make_version(n) for n in range(count)]
    with open_documents(url) as store:
        store.stage(versions)
        store.publish([v.document for v in versions])
        store.remove([versions[3].document.id])
    with open_ledger(url) as ledger:
        ledger.create(RUN)
        ledger.create(replace(RUN, id="b" * 32, parent=RUN.id))
        for n in range(5):
            ledger.commit_step(Step(RUN.id, f"step {n}", {"n": n}, 2.0), fence=1)
    with open_embedding_cache(url) as cache:
        cache.put("model", {f"{n:064x}": np.full(8, n, dtype=np.float32) for n in range(count)})
    with open_source_index(url) as sources:
        sources.record("default", [SourceStamp(f"ä/{n}.txt", n, 2**60 + n, "0") for n in range(count)])
    with open_model_registry(url) as registry, open_measurements(url) as measurements:
        registry.put(MODEL)
        registry.choose(MODEL.task, [MODEL.name])
        measurements.remember(MEASURED)


def everything(url: str) -> list[object]:
    with open_model_registry(url) as registry, open_measurements(url) as measurements:
        models = [registry.records(), registry.chain(MODEL.task), measurements.all("here")]
    with open_documents(url) as store, open_ledger(url) as ledger:
        documents = list(store.iterate())
        chunks = store.chunks([i for ids in store.chunk_ids([d.id for d in documents]).values() for i in ids])
        return [
            models,
            documents,
            sorted(chunks, key=lambda c: c.id),
            [d.id for d in store.find(where=[Condition("tags", Operator.CONTAINS, "t1")])],
            [d.id for d in store.find(where=[Condition("n", Operator.AT_LEAST, 20)])],
            {d.id for d in store.find(words="title käse")},
            store.find(words="word7"),
            ledger.find(parent=None),
            ledger.steps(RUN.id),
        ]


def test_there_and_back_again(tmp_path, postgresql_url, make_version):
    first, last = f"sqlite:///{tmp_path}/first.db", f"sqlite:///{tmp_path}/last.db"
    fill(first, make_version)
    before = everything(first)
    told: list[tuple[str, int, int]] = []
    rows = copy_rows(first, postgresql_url, lambda *what: told.append(what))
    assert everything(postgresql_url) == before
    assert rows["document"] == 29
    assert rows["run"] == 2
    assert ("document", 29, 29) in told
    assert copy_rows(postgresql_url, last, silent) == rows
    assert everything(last) == before
    assert copy_rows(first, postgresql_url, silent) == rows
    with open_documents(postgresql_url) as store, open_ledger(postgresql_url) as ledger:
        new = make_version(999)
        store.stage([new])
        store.publish([new.document])
        assert store.find(words="word999") == [new.document]
        assert ledger.commit_step(Step(RUN.id, "one more", {}, 3.0), fence=1)


def test_an_interrupted_copy_is_gone_on_with(tmp_path, postgresql_url, make_version, monkeypatch):
    first = f"sqlite:///{tmp_path}/first.db"
    fill(first, make_version)
    monkeypatch.setattr(copy, "_AT_ONCE", 7)
    monkeypatch.setattr(copy, "_DOCUMENTS_AT_ONCE", 7)
    for end in (1, 5, 12, 8):
        calls = iter(range(end))

        def interrupted(*_: object, calls=calls) -> None:
            if next(calls, None) is None:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            copy_rows(first, postgresql_url, interrupted)
    copy_rows(first, postgresql_url, silent)
    assert everything(postgresql_url) == everything(first)


def test_a_target_with_other_data_is_left_alone(tmp_path, postgresql_url, make_version):
    first = f"sqlite:///{tmp_path}/first.db"
    fill(first, make_version)
    with open_source_index(postgresql_url) as sources:
        sources.record("default", [SourceStamp("mine.txt", 1, 1, "0")])
    with pytest.raises(SettingsError, match="other data"):
        copy_rows(first, postgresql_url, silent)
    with open_ledger(postgresql_url) as ledger:
        assert ledger.find(parent=None) == []
