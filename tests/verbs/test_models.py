"""`models`: its line is read as it is meant, and what it shows is safe and says what counts."""

from __future__ import annotations

import shlex
import time
from dataclasses import replace

import pytest

from janus_lab.errors import UsageError
from janus_lab.values.model import (
    Circuit,
    CircuitState,
    Footprint,
    LoadPlan,
    ModelFiles,
    ModelRecord,
    ModelTask,
    Origin,
)
from janus_lab.values.model_run import BenchReport, BenchStream, LoadReport, PullReport
from janus_lab.values.model_status import DeviceMemory, Fit, MemoryShare, ModelStatus, ModelView, Resident, Unloaded
from janus_lab.verbs.listings import ModelAdded, ModelChain, ModelFits, ModelForgotten, told_as
from janus_lab.verbs.models import VERB
from janus_lab.verbs.plain import models, plain
from janus_magics.render import html

GB = 1 << 30
EVIL = "<script>alert(1)</script>\x1b[31m\u202e"
TAKES = Footprint({"vram:0": 4 * GB}, {"vram:0": GB}, {"vram:0": GB // 2, "ram": GB // 4}, Origin.ESTIMATED)


def parsed(line: str):
    return VERB.parse(VERB.parser("janus"), shlex.split(line))


@pytest.fixture
def status() -> ModelStatus:
    record = ModelRecord(EVIL, ModelTask.GENERATION, "file:///m.gguf")
    fit = Fit(
        LoadPlan(4096, 16384, gpu_layers=20),
        TAKES,
        {"vram:0": 3 * GB},
        {"vram:0": 20 * GB},
        now=False,
        ever=True,
        steps=("20 of 33 layers on GPU 0",),
        evicts=("other",),
    )
    files = ModelFiles("file:///m.gguf", ("/m.gguf",), 4 * GB, "ab" * 32, EVIL)
    return ModelStatus(record, files, fit=fit, residents=(Resident("lab", 7, {"vram:0": 5 * GB}, 0.0),), place=1)


def test_list_is_the_default_and_options_mean_what_they_say():
    assert parsed("").action == "list"
    args = parsed("add big http://h/v1 --context 8192 --parallel 2 --gpu-layers -1 --pin --key-env KEY --for embedding")
    assert (args.context, args.parallel, args.gpu_layers, args.pin) == (8192, 2, -1, True)
    assert (args.key_env, args.task) == ("KEY", "embedding")
    prefixes = parsed("add e5 file:///e5.onnx --query-prefix 'query: ' --passage-prefix ''")
    assert (prefixes.query_prefix, prefixes.passage_prefix, args.query_prefix) == ("query: ", "", None)
    assert parsed("bench m --streams 1,8").streams == (1, 8)
    with pytest.raises(UsageError):
        parsed("bench m --streams none")
    with pytest.raises(UsageError):
        parsed("add big http://h/v1 --context 0")


@pytest.mark.parametrize("draw", [plain, lambda value: str(html(value))], ids=["plain", "html"])
def test_names_and_licences_of_strangers_do_nothing(draw, status):
    view = ModelView((status,), (DeviceMemory("vram:0", EVIL, 24 * GB, (MemoryShare(EVIL, GB, GB),), GB, GB, 20 * GB),))
    for value in (view, status):
        shown = draw(value)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
    assert "<script>" not in str(html(view)) + str(html(status))


def test_a_servers_model_says_that_its_memory_is_not_ours():
    served = ModelStatus(ModelRecord("big", ModelTask.GENERATION, "http://127.0.0.1:8000/v1"))
    assert "a server's; this machine lends it none" in plain(served)


@pytest.mark.parametrize("draw", [plain, lambda value: str(html(value))], ids=["plain", "html"])
def test_a_model_that_is_left_alone_is_said_to_be_so_where_its_use_is_told(draw, status):
    away = ModelStatus(
        ModelRecord("big", ModelTask.GENERATION, "http://127.0.0.1:8000/v1"),
        circuit=Circuit("big", CircuitState.OPEN, 4, f"it was slow {EVIL}", again_at=time.time() + 50),
        place=1,
    )
    row = models.cells(away)
    assert row[models.HEADER.index("in use")] == "yes, left alone"
    assert row[models.HEADER.index("fits")] == "–"
    for shown in (draw(away), draw(ModelView((away,)))):
        assert "more, after 4 failures: it was slow" in shown
    again = replace(away, circuit=replace(away.circuit, again_at=time.time() - 1))
    assert models.cells(again)[models.HEADER.index("in use")] == "yes"
    assert "left alone" not in draw(again) + draw(ModelView((again,)))


def test_who_makes_room_and_who_stays_is_told_in_order(status):
    told = plain(replace(status, fit=replace(status.fit, evicts=("old", "new"), kept=("big, which is pinned",))))
    assert "unloads old, then new" in told
    assert "stays loaded  big, which is pinned" in told


def test_a_model_tells_how_it_would_fit_and_what_makes_room(status):
    told = plain(status)
    assert "once others make room" in told
    assert "20 of 33 layers on GPU 0" in told
    assert "unloads other" in told
    assert "5.8 GiB" in told or "5.5 GiB GPU 0" in told
    assert "later" in plain(ModelView((status,)))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Unloaded("m", 0, 0), "was not loaded"),
        (Unloaded("m", 2, 1), "still in use in 1 process"),
        (Unloaded("m", 1, 0), "m is unloaded"),
        (ModelChain(ModelTask.GENERATION, ()), "No model serves generation"),
        (
            ModelChain(ModelTask.GENERATION, tuple(ModelRecord(n, ModelTask.GENERATION, "u") for n in "abc")),
            "a serves generation from now on; where it can't: b, then c.",
        ),
        (
            LoadReport("m", "u", ModelTask.GENERATION, False, 1.5, 2048, 0, {}, TAKES, None, ("half the window",)),
            "conceded: half the window",
        ),
        (BenchReport("m", ModelTask.GENERATION, 300.0, 42.0, (BenchStream(4, 0.5, 80.0),)), "writes 42.0 tokens/s"),
        (
            BenchReport("m", ModelTask.GENERATION, 300.0, 42.0, (BenchStream(4, 0.5, 80.0),), 256, 48),
            "Each request reads 256 tokens that are new to the model and writes 48; the time for reading is in these",
        ),
        (BenchReport("m", ModelTask.RERANKING, 30.0), "m ranks 30.0 texts/s"),
        (ModelForgotten(None), "Nothing was forgotten"),
        (
            ModelChain(ModelTask.EMBEDDING, (ModelRecord("e5", ModelTask.EMBEDDING, "u"),), ("notes", "towns")),
            "another model searches notes, towns until `janus reindex -c notes` and so on",
        ),
        (
            PullReport(
                ModelRecord("m", ModelTask.GENERATION, "hf://o/r/m.gguf"),
                ModelFiles("hf://o/r/m.gguf", ("/m",), GB, "h", "mit"),
                3.0,
            ),
            "licence mit",
        ),
    ],
)
def test_what_came_of_it_is_told(value, words):
    assert words in plain(value)
    assert str(html(value))


def test_a_fit_tells_the_fit_and_an_addition_what_comes_next(status):
    shown, fit, added = plain(status), plain(told_as(ModelFits, status)), plain(told_as(ModelAdded, status))
    assert "sha-256" in shown
    assert "sha-256" not in fit
    assert "once others make room" in fit
    assert added.splitlines()[-1].endswith("tells whether it fits")


def test_a_list_fits_a_narrow_terminal_and_explains_its_marks(status):
    collections = replace(status, record=replace(status.record, name="e5"), collections=("notes", "towns"))
    told = plain(ModelView((collections,)))
    assert "licence" not in told
    assert "≈ estimated" in told
    assert "searched by e5: notes, towns" in told
