"""What llama.cpp is told, and that it did as it was told: it logs how it understood its parameters."""

from __future__ import annotations

import ctypes
import re
from contextlib import contextmanager
from dataclasses import replace

import llama_cpp
import made_models
import pytest

from janus_lab.adapters.backend.llama_devices import Accelerator, chosen
from janus_lab.adapters.backend.llama_log import heard, quiet
from janus_lab.adapters.backend.llama_memory import footprint
from janus_lab.adapters.backend.llama_parameters import CACHE_TYPES, context_parameters, model_parameters
from janus_lab.errors import MissingPackage, SettingsError
from janus_lab.values.lease import RAM
from janus_lab.values.model import Footprint, LoadPlan, Origin

PLAN = LoadPlan(cells=1024, sequences=3, batch_tokens=128, outputs=16)
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return {name: made_models.made_model(folder / f"{name}.gguf", name) for name in ("llama", "gemma3")}


@contextmanager
def loaded(path, plan):
    """A model and what llama.cpp logged of it."""
    quiet()
    with heard() as lines:
        model = llama_cpp.llama_model_load_from_file(str(path).encode(), model_parameters(plan, {}))
        context = llama_cpp.llama_init_from_model(model, context_parameters(plan, 1))
    assert context, lines[-3:]
    try:
        yield model, context, lines
    finally:
        llama_cpp.llama_free(context)
        llama_cpp.llama_model_free(model)


def told(lines, name):
    (value,) = {found[1] for line in lines if (found := re.search(rf"llama_context: {name} += (\S+)", line))}
    return value


def test_a_context_is_as_the_plan_says(models):
    with loaded(models["llama"], PLAN) as (_, context, lines):
        wanted = {"n_ctx": "1024", "n_ubatch": "128", "n_seq_max": "3", "n_outputs_max": "16", "kv_unified": "true"}
        assert {name: told(lines, name) for name in wanted} == wanted
        assert llama_cpp.llama_n_ctx(context) == PLAN.cells
        assert any("Flash Attention enabled" in line for line in lines)


def test_what_is_asked_of_one_batch_has_its_room_from_the_beginning():
    """For more likelihoods than sequences llama.cpp takes memory when they are first asked for, and does not report it."""
    for plan in (LoadPlan(), LoadPlan(sequences=9)):
        params = context_parameters(plan, 1)
        assert params.n_outputs_max == params.n_outputs_max_per_seq == params.n_seq_max == plan.sequences


def test_without_flash_attention_there_is_none(models):
    with loaded(models["llama"], replace(PLAN, flash_attention=False)) as (*_, lines):
        assert told(lines, "flash_attn") == "disabled"
        assert not any("Flash Attention enabled" in line for line in lines)


@pytest.mark.parametrize("kind", CACHE_TYPES)
def test_the_cache_has_the_format_of_the_plan(models, kind):
    with loaded(models["llama"], replace(PLAN, cache_type=kind)) as (*_, lines):
        assert any(f"K ({kind})" in line and f"V ({kind})" in line for line in lines)


def test_an_unknown_format_is_refused():
    with pytest.raises(SettingsError, match="q9_9"):
        context_parameters(replace(PLAN, cache_type="q9_9"), 1)


def test_sliding_windows_keep_what_they_see(models):
    with loaded(models["gemma3"], replace(PLAN, cells=8192, sequences=1)) as (*_, lines):
        assert [int(found[1]) for line in lines if (found := re.search(r"size = (\d+) cells", line))] == [8192, 768]


def test_processors_alone_means_that_no_accelerator_is_touched():
    params = model_parameters(PLAN, {})
    assert ctypes.c_void_p.from_address(params.devices).value is None
    assert (params.n_gpu_layers, params.split_mode) == (0, llama_cpp.LLAMA_SPLIT_MODE_NONE)
    assert not context_parameters(PLAN, 1).offload_kqv


def test_an_accelerator_that_llama_cpp_does_not_know_is_named():
    with pytest.raises(MissingPackage, match="accelerator 7"):
        model_parameters(replace(PLAN, gpu_layers=3, devices=("7",)), {})
    assert chosen((), {}) == ()


@pytest.mark.parametrize(("split", "mode"), [((0.75, 0.25), "LAYER"), ((), "NONE")])
def test_layers_are_shared_as_the_plan_splits_them(monkeypatch, split, mode):
    known = [Accelerator("0", "CUDA0", 0x1000), Accelerator("1", "CUDA1", 0x2000)][: len(split) or 1]
    monkeypatch.setattr("janus_lab.adapters.backend.llama_devices.accelerators", lambda: tuple(known))
    plan = replace(PLAN, gpu_layers=5, devices=tuple(one.id for one in known), tensor_split=split)
    params = model_parameters(plan, {})
    handles = (ctypes.c_void_p * (len(known) + 1)).from_address(params.devices)
    assert list(handles) == [*(one.handle for one in known), None]
    assert params.n_gpu_layers == 5
    assert params.split_mode == getattr(llama_cpp, f"LLAMA_SPLIT_MODE_{mode}")
    assert tuple(params.tensor_split[: len(split)] if split else ()) == split
    assert context_parameters(plan, 1).offload_kqv


def test_an_accelerator_is_meant_by_the_number_that_this_process_has_for_it(monkeypatch):
    known = (Accelerator("0", "CUDA0", 0x1000), Accelerator("1", "CUDA1", 0x2000))
    monkeypatch.setattr("janus_lab.adapters.backend.llama_devices.accelerators", lambda: known)
    assert chosen(("5", "3"), {"3": 0, "5": 1}) == (
        Accelerator("5", "CUDA1", 0x2000),
        Accelerator("3", "CUDA0", 0x1000),
    )
    with pytest.raises(MissingPackage, match="accelerator 4"):
        chosen(("4",), {"3": 0, "5": 1})


def test_what_it_takes_is_what_llama_cpp_says(models):
    with loaded(models["gemma3"], replace(PLAN, cells=8192)) as (model, _, lines):
        taken = footprint(lines, (), llama_cpp.llama_model_size(model))
        assert taken.origin is Origin.MEASURED
        assert taken.weights[RAM] == pytest.approx(llama_cpp.llama_model_size(model), rel=0.01)
        # One layer sees everything, six see 512 positions of three requests and a batch.
        assert taken.cache[RAM] == pytest.approx((8192 + 6 * 1792) * 2 * 64 * 2, rel=0.01)
        assert 0 < taken.compute[RAM] < 10 * MIB


CUDA = """\
load_tensors:   CPU_Mapped model buffer size =   137.94 MiB
load_tensors:        CUDA0 model buffer size =   800.00 MiB
load_tensors:        CUDA1 model buffer size =   400.50 MiB
llama_context:  CUDA_Host  output buffer size =     0.58 MiB
llama_kv_cache:      CUDA0 KV buffer size =    64.00 MiB
llama_kv_cache:      CUDA1 KV buffer size =    32.00 MiB
llama_memory_recurrent:      CUDA1 RS buffer size =    1.00 MiB
sched_reserve:      CUDA0 compute buffer size =   100.00 MiB
sched_reserve:      CUDA1 compute buffer size =   200.00 MiB
sched_reserve:  CUDA_Host compute buffer size =    12.01 MiB
load_tensors: offloaded 29/29 layers to GPU
"""


def test_accelerators_memory_is_told_apart_from_memory_that_they_reach():
    devices = (Accelerator("3", "CUDA0", 1), Accelerator("4", "CUDA1", 2))
    assert footprint(CUDA.splitlines(), devices, 10**12) == Footprint(
        {RAM: round(137.94 * MIB), "vram:3": 800 * MIB, "vram:4": round(400.5 * MIB)},
        {"vram:3": 64 * MIB, "vram:4": 33 * MIB},
        {RAM: round(0.58 * MIB) + round(12.01 * MIB), "vram:3": 100 * MIB, "vram:4": 200 * MIB},
        Origin.MEASURED,
    )
