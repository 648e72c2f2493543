"""Every kind of run is walked through in a real lab whose stores, models and readers note who uses them without a lease."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
from cross_encoders import overlap_model
from made_models import made_model

from janus_lab import open_lab, schemes
from janus_lab.ingest import prepare
from janus_lab.scheduler.work import current_work
from janus_lab.values.counting import Counted, CountRequest
from janus_lab.values.generation import Message
from janus_lab.values.model_run import BenchRequest
from janus_lab.values.run import RunKind
from tests.scheduler.guarded_source import openers_of_models

STORES = ("documents", "sources", "objects", "vectors", "graph", "embedding cache", "hub")
MODELS = ("embedding", "generation", "reranking")
LOOKS = {("hub", "cached")}
"""How it is found out what a model's lease has to cover."""


class Watchman:
    """Notes each use by a thread that carries out runs: what was used, and whether its work held a living lease then."""

    def __init__(self):
        self.used, self.uncovered = set(), set()

    def note(self, what):
        if threading.current_thread() is threading.main_thread():
            return  # a client reads, and computes nothing
        work = current_work()
        self.used.add(what)
        if what not in LOOKS and (work is None or not work.covered):
            self.uncovered.add((what, threading.current_thread().name))

    def watched(self, port, open_one):
        @contextmanager
        def opened(*args, **options):
            if port in MODELS:
                self.note((port, "load"))
            with open_one(*args, **options) as engine:
                yield Watched(port, engine, self.note)

        return opened


class Watched:
    """An engine, and a word to the watchman before each call of it."""

    def __init__(self, port, engine, note):
        self._port, self._engine, self._note = port, engine, note

    def __getattr__(self, name):
        found = getattr(self._engine, name)
        if not callable(found):
            return found

        def call(*args, **options):
            self._note((self._port, name))
            return found(*args, **options)

        return call


@pytest.fixture
def watchman(monkeypatch):
    watchman = Watchman()
    load, parse = schemes._loaded, prepare.parse

    def loaded(port, table, url):
        opener = load(port, table, url)
        return watchman.watched(port, opener) if port in (*STORES, *MODELS) else opener

    def parsed(opened):
        watchman.note(("reader", "parse"))
        return parse(opened)

    monkeypatch.setattr(schemes, "_loaded", loaded)
    monkeypatch.setattr(prepare, "parse", parsed)
    return watchman


def write(folder, count):
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"{number}.txt").write_text(f"Pump {number} was built in {1900 + number} by the north mast. " * 20)
    return folder


def test_nothing_heavy_runs_without_a_lease(tmp_path, watchman, hub, monkeypatch):
    monkeypatch.setattr("janus_lab.adapters.hub.cache_folder.HF_HUB_CACHE", str(tmp_path / "hf"))
    hub.put("org/small", {"small.gguf": made_model(tmp_path / "small.gguf").read_bytes()}, licence="mit")
    files = write(tmp_path / "files", 8)
    reranker = overlap_model(tmp_path / "models", tmp_path / "cache").as_uri()
    # A lease outlives a machine that stands still for a while: none is lost.
    settings = {"chunk_characters": 300, "hub_url": hub.url, "reranking_model": reranker, "lease_ttl_seconds": 120.0}
    with open_lab(tmp_path / "home", inline=True, **settings) as lab:
        lab.ingest(files)
        lab.plan(files, verify=True)
        write(files, 12)
        lab.ingest(files)
        lab.search("Which pump was built in 1903?")
        lab.search_many([f"pump {n}" for n in range(20)])
        lab.ask("When was pump 3 built?")
        lab.chat([Message("user", "Say hello.")], max_tokens=4)
        lab.embed(["one", "two"])
        lab.start_count(CountRequest(texts=("one",))).wait(Counted)
        lab.reindex()
        lab.models.pull("hf://org/small")
        lab.models.fit("small")
        lab.models.load("small")
        lab.models.bench(BenchRequest("small", prompt_tokens=16, reply_tokens=4, streams=(1,)))
        lab.check(mend=True)
        lab.remove(lab.documents()[0].id)
        runs = lab.runs(limit=100)
        assert {run.kind for run in runs} == set(RunKind)
        for run in runs:
            leases = lab.run(run.id).manifest["leases"]
            assert leases["count"] >= 1
            assert leases["first"][0]["fence"] > 0
            assert leases["lost"] == 0
    assert not watchman.uncovered
    assert {port for port, _ in watchman.used} >= {
        *MODELS,
        "documents",
        "objects",
        "vectors",
        "sources",
        "reader",
        "hub",
    }
    assert {(port, "load") for port in MODELS} <= watchman.used


def test_the_watchman_sees_who_has_no_lease(watchman):
    thread = threading.Thread(target=watchman.note, args=(("objects", "put"),), name="loose")
    thread.start()
    thread.join()
    assert watchman.uncovered == {(("objects", "put"), "loose")}


def test_models_are_opened_in_one_place_only():
    assert openers_of_models() == {"compose/models.py"}
