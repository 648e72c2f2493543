"""What is told of a model's memory, against what llama.cpp says when it has loaded it."""

from __future__ import annotations

from dataclasses import replace

import llama_cpp
import pytest
from gguf import GGMLQuantizationType
from made_models import SMALL, Made, write
from model_shapes import shape

from janus_lab.adapters.backend.gguf_shape import read_shape
from janus_lab.adapters.backend.llama_log import heard
from janus_lab.adapters.backend.llama_memory import footprint
from janus_lab.adapters.backend.llama_parameters import context_parameters, model_parameters
from janus_lab.resources.model_memory import estimated, position_bytes
from janus_lab.values.lease import RAM
from janus_lab.values.model import LoadPlan

PLAN = LoadPlan(context_tokens=2048, cells=4096, sequences=4)
NEAR = 0.1
_LARGER = {"embedding": 768, "heads": 12, "head_size": 64, "feed_forward": 2048, "vocabulary": 12_000}
MODELS = {
    name: replace(SMALL[name], **_LARGER | more)
    for name, more in {
        "llama": {"kv_heads": 4, "layers": 4},
        "llama-untied": {"kv_heads": 12},
        "qwen2": {"kv_heads": 2, "feed_forward": 4864},
        "gemma3": {"kv_heads": 4},
        "phi3": {"kv_heads": 12},
        "qwen3moe": {"kv_heads": 4, "feed_forward": 288, "experts": 16, "experts_used": 8},
        "mixtral": {"kv_heads": 4, "experts": 4},
        "lfm2": {"kv_heads": 4},
        "mamba": {},
    }.items()
}
PLANS = {
    "as usual": {},
    "short batches": {"batch_tokens": 128, "cells": 8192},
    "coarse cache": {"cache_type": "q8_0", "sequences": 2},
    "plain attention": {"flash_attention": False, "cells": 2048},
    "one request": {"sequences": 1, "outputs": 1, "cells": 1024},
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shapes")
    return {name: write(folder / f"{name}.gguf", made, filled=False) for name, made in MODELS.items()}


def measured(path, plan):
    """The memory of a model as llama.cpp says, loaded and let go."""
    with heard() as lines:
        model = llama_cpp.llama_model_load_from_file(str(path).encode(), model_parameters(plan, {}))
        context = llama_cpp.llama_init_from_model(model, context_parameters(plan, 1))
    try:
        assert context, lines[-3:]
        return footprint(lines, (), llama_cpp.llama_model_size(model))
    finally:
        llama_cpp.llama_free(context)
        llama_cpp.llama_model_free(model)


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("name", MODELS)
def test_it_is_within_a_tenth_of_what_llama_cpp_says(files, name, plan):
    if name == "mamba" and plan == "plain attention":
        pytest.skip("it has no attention")
    plan = replace(PLAN, **PLANS[plan])
    told, found = estimated(read_shape([files[name]]), plan), measured(files[name], plan)
    assert told.weights[RAM] == pytest.approx(found.weights[RAM], rel=0.02)
    assert told.cache.get(RAM, 0) == pytest.approx(found.cache.get(RAM, 0), rel=0.02, abs=10_000)
    assert told.compute[RAM] == pytest.approx(found.compute[RAM], rel=NEAR)
    assert told.total()[RAM] == pytest.approx(found.total()[RAM], rel=NEAR)


def test_windows_keep_what_they_show_to_all_sequences_and_a_batch():
    model = shape(1.0, layers=6)
    sliding = replace(model, windows=(512,) * 5 + (0,))
    plan = replace(PLAN, cells=32_768)
    row = position_bytes(model, "f16") // 6
    assert estimated(model, plan).cache == {RAM: 6 * 32_768 * row}
    assert estimated(sliding, plan).cache == {RAM: (32_768 + 5 * (4 * 512 + 512)) * row}


def test_weights_that_will_be_converted_are_told_as_they_will_be():
    model = replace(shape(1.0), quantization="Q4_1")
    table = model.vocabulary * model.embedding_length * 34 // 32
    assert estimated(model, PLAN).weights == {RAM: round(1.7 * model.layer_bytes[0]) * 32 + 2 * table}
    # Accelerators take them as they are.
    there = estimated(model, replace(PLAN, gpu_layers=33, devices=("0",)))
    assert there.weights["vram:0"] == sum(model.layer_bytes) + model.output_bytes


def test_an_output_that_is_the_embedding_is_there_twice_once_it_is_on_an_accelerator():
    model = replace(shape(1.0), tied=True, output_bytes=4096 * 4)
    there = estimated(model, replace(PLAN, gpu_layers=33, devices=("0",)))
    assert there.weights == {
        RAM: model.embedding_bytes,
        "vram:0": sum(model.layer_bytes) + model.output_bytes + model.embedding_bytes,
    }
    assert estimated(model, PLAN).weights == {RAM: sum(model.layer_bytes) + model.output_bytes + model.embedding_bytes}


def test_the_output_is_the_first_layer_to_leave_the_processors():
    model = shape(1.0)
    there = estimated(model, replace(PLAN, gpu_layers=3, devices=("1",)))
    assert there.weights["vram:1"] == model.output_bytes + 2 * model.layer_bytes[0]
    assert set(there.cache) == {RAM, "vram:1"}
    assert there.cache["vram:1"] == there.cache[RAM] // 15


def test_a_quantized_model_takes_what_its_tensors_do(tmp_path):
    made = replace(MODELS["llama"], weights=GGMLQuantizationType.Q4_K)
    path = write(tmp_path / "quantized.gguf", made, filled=False)
    assert estimated(read_shape([path]), PLAN).weights[RAM] == pytest.approx(
        measured(path, PLAN).weights[RAM], rel=0.02
    )


def test_made_models_differ_in_what_matters():
    assert len({made.architecture for made in MODELS.values() if isinstance(made, Made)}) == 7
