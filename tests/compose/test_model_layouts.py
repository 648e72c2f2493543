"""Ways to load a model here: told before, remembered afterwards, and smaller where memory is short."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest
from admitting import admission_over, leases_over
from inventories import inventory
from made_models import made_model

from janus_lab.adapters.backend.llama_cpp import open_llama
from janus_lab.adapters.leases.memory import MemoryLeases
from janus_lab.adapters.models.memory import MemoryMeasurements
from janus_lab.compose.accelerators import Accelerators, Computing
from janus_lab.compose.model_layouts import Layouts
from janus_lab.inference.catalog import Catalog
from janus_lab.inference.remembering import Remembering
from janus_lab.settings import load_settings
from janus_lab.values.lease import CPU, RAM, vram
from janus_lab.values.load_order import always
from janus_lab.values.model import ModelOptions, ModelRecord, ModelTask, Origin

MB = 1_000_000
MACHINE = "here"
NO_ACCELERATORS = Accelerators(Computing, Computing)


@pytest.fixture
def record(tmp_path):
    path = made_model(tmp_path / "small.gguf", "qwen2", layers=8, context=8192, kv_heads=4)
    return ModelRecord(
        "small", ModelTask.GENERATION, path.as_uri(), ModelOptions(context_tokens=8192, parallel_requests=4)
    )


@pytest.fixture
def layouts_over(tmp_path):
    """Layouts of a machine with so much memory, and what is remembered."""

    def opened(admission, measurements=None):
        settings = load_settings(tmp_path)
        remembering = Remembering(measurements or MemoryMeasurements(), MACHINE)
        catalog = Catalog(settings.model_cache)
        return Layouts(settings, catalog, admission, remembering, 1, NO_ACCELERATORS, dict, dict)

    return opened


def test_what_a_load_showed_is_what_the_next_one_asks_for(record, layouts_over):
    measurements = MemoryMeasurements()
    with admission_over() as admission:
        layouts = layouts_over(admission, measurements)
        first = layouts.of(record, open_llama)[0]
        with first.open(always) as model:
            first.loaded(model, 0.5)
            taken = model.footprint()
        (known,) = measurements.all(MACHINE)
        assert (known.plan, known.footprint, known.load_seconds) == (replace(first.placed.plan, note=""), taken, 0.5)
        again = layouts.of(record, open_llama)[0]
    assert first.note == again.note == ""
    assert again.demand.weights[RAM] - taken.total()[RAM] == pytest.approx(24.1 * MB, rel=0.01)
    # Beside 134 MB of cache what is not known exactly hardly counts.
    assert first.demand.weights[RAM] == pytest.approx(again.demand.weights[RAM], rel=0.02)
    assert taken.origin is Origin.MEASURED


def test_where_memory_is_short_fewer_requests_have_a_window_and_the_model_is_loaded_like_that(record, layouts_over):
    with admission_over(leases_over({RAM: 120 * MB, CPU: 4})) as admission:
        layouts = layouts_over(admission).of(record, open_llama)
        assert layouts[0].note == "memory for 2 of 4 windows at once"
        assert [layout.demand.weights[RAM] <= 120 * MB for layout in layouts] == [True] * len(layouts)
        with layouts[0].open(always) as model:
            assert model.info.context_tokens == 8192
            assert model.footprint().cache[RAM] == pytest.approx(2 * 8192 * 8 * 2 * 128 * 2, rel=0.01)


def test_who_computes_on_accelerators_alone_leaves_the_processors_to_others(record, layouts_over):
    cards = tuple(replace(one, uuid=f"GPU-{one.id}") for one in inventory("two-cards").sample.devices)
    seen = Computing(cards[1:], {"1": 0})
    memory = {RAM: 4000 * MB, vram("0"): 9000 * MB, vram("1"): 9000 * MB}
    with admission_over(leases_over({**memory, CPU: 4})) as admission:
        layouts = replace(layouts_over(admission), accelerators=Accelerators(lambda: seen, lambda: seen), threads=4)
        opened = []

        def open_one(order):
            opened.append(order)
            return nullcontext(None)

        whole = layouts.of(record, open_one)[0]
        assert (whole.placed.plan.devices, whole.computing.weights) == (("1",), {CPU: 1})
        tight = replace(record, options=replace(record.options, gpu_layers=3))
        partly = layouts.of(tight, open_one)[0]
        assert (partly.placed.plan.gpu_layers, partly.computing) == (3, None)
        for one in (whole, partly):
            one.open(always)
        assert [(order.threads, dict(order.numbers)) for order in opened] == [(1, {"1": 0}), (4, {"1": 0})]


def test_while_it_is_not_known_what_there_is_a_model_is_laid_out_as_wished(record, layouts_over):
    with admission_over(MemoryLeases()) as admission:
        assert not admission.book().open
        assert layouts_over(admission).of(record, open_llama)[0].note == ""
