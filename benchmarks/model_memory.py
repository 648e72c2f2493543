"""How near what is told of a model's memory comes to what llama.cpp says that it takes.

    python benchmarks/model_memory.py [--models NAME …]

Files of well-known shapes are made without their weights, and llama.cpp sizes them without loading them: weights, cache, and buffers to
compute in. Each model is told four plans of before any load, and then the fourth once more when three loads are remembered. The packaged
model is loaded for real. Errors are in percent of llama.cpp's figure; compute buffers alone are shown beside the total.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import llama_cpp
from gguf import GGMLQuantizationType
from made_models import Made, write

from janus_lab.adapters.backend.gguf_shape import read_shape
from janus_lab.adapters.backend.llama_cpp import open_llama
from janus_lab.adapters.backend.llama_log import heard, quiet
from janus_lab.adapters.backend.llama_memory import footprint
from janus_lab.adapters.backend.llama_parameters import context_parameters, model_parameters
from janus_lab.adapters.models.memory import MemoryMeasurements
from janus_lab.compose.load_orders import load_order
from janus_lab.inference.catalog import Catalog
from janus_lab.inference.remembering import Remembering
from janus_lab.resources.model_memory import estimated
from janus_lab.settings import load_settings
from janus_lab.values.lease import RAM
from janus_lab.values.model import Footprint, LoadPlan, ModelRecord, ModelShape, ModelTask, Origin

MIB = 1024 * 1024


def known(architecture: str, *sizes: int, **more: object) -> Made:
    """Layers, embedding, heads, heads of keys, their size, width, vocabulary."""
    made = Made(architecture, *sizes, context=131_072, weights=GGMLQuantizationType.Q4_0)
    return replace(made, **more)  # type: ignore[arg-type]  # fields by their names


MODELS = {
    "Llama-3.2-1B": known("llama", 16, 2048, 32, 8, 64, 8192, 128_256),
    "Llama-3-70B": known("llama", 80, 8192, 64, 8, 128, 28_672, 128_256, tied=False),
    "Mixtral-8x7B": known("llama", 32, 4096, 32, 8, 128, 14_336, 32_000, tied=False, experts=8, experts_used=2),
    "Qwen2.5-0.5B": known("qwen2", 24, 896, 14, 2, 64, 4864, 151_936),
    "Qwen2.5-7B": known("qwen2", 28, 3584, 28, 4, 128, 18_944, 152_064, tied=False),
    "Qwen3-4B": known("qwen3", 36, 2560, 32, 8, 128, 9728, 151_936),
    "Qwen3-30B-A3B": known("qwen3moe", 48, 2048, 32, 4, 128, 768, 151_936, tied=False, experts=128, experts_used=8),
    "Gemma-3-1B": known("gemma3", 26, 1152, 4, 1, 256, 6912, 262_144, window=512, pattern=6),
    "Gemma-3-12B": known("gemma3", 48, 3840, 16, 8, 256, 15_360, 262_208, window=1024, pattern=6),
    "Phi-3-mini": known("phi3", 32, 3072, 32, 32, 96, 8192, 32_064, tied=False),
    "LFM2-1.2B": known("lfm2", 16, 2048, 32, 8, 64, 8192, 65_536, recurrent=(0, 1, 3, 4, 6, 7, 9, 11, 13, 15)),
    "Mamba-370M": known("mamba", 48, 1024, 1, 1, 64, 0, 50_280),
}
PLANS = (
    LoadPlan(cells=8192),
    LoadPlan(cells=4096, sequences=8, batch_tokens=256),
    LoadPlan(cells=16_384, cache_type="q8_0"),
    LoadPlan(cells=32_768, sequences=2, flash_attention=False),
)
LATER = LoadPlan(cells=12_288, sequences=6)
"""What is asked once the others were loaded."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="*", choices=list(MODELS), default=list(MODELS))
    quiet()
    firsts, laters = [], []
    print(f"{'model':16} {'plan':30} {'total':>10} {'told':>7} {'compute':>10} {'told':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for name in parser.parse_args().models:
            path = write(Path(folder) / "shape.gguf", MODELS[name], filled=False)
            first, later = compared(name, path)
            firsts += first
            laters.append(later)
    firsts.append(really())
    for title, errors in (("before the first load", firsts), ("after three loads", laters)):
        totals, computes = zip(*errors, strict=True)
        print(f"{title}: total off by at most {worst(totals):.1f}%, compute buffers by {worst(computes):.1f}%")


def compared(name: str, path: Path) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """Errors before any load for each plan, and for another plan once three loads are remembered."""
    shape = read_shape([path])
    remembering = Remembering(MemoryMeasurements(), "here")
    first = []
    for plan in PLANS:
        found = sized(path, plan)
        first.append(shown(name, plan, estimated(shape, plan), found))
        if plan in PLANS[:3]:
            remembering.remember(name, plan, found, at=0.0)
    told = remembering.estimate(name)(shape, LATER)
    return first, shown(f"{name} ", LATER, told, sized(path, LATER))


def really() -> tuple[float, float]:
    """The packaged model, which is converted, loaded, and let go."""
    settings = load_settings("/nowhere")
    record = ModelRecord("generation", ModelTask.GENERATION, settings.generation_model)
    order = load_order(settings, Catalog(settings.model_cache), record, LoadPlan(cells=8192), threads=1)
    shape: ModelShape = read_shape([order.file])
    with open_llama(order) as model:
        return shown("SmolLM2 (loaded)", order.plan, estimated(shape, order.plan), model.footprint())


def sized(path: Path, plan: LoadPlan) -> Footprint:
    """What llama.cpp says that a model would take; it makes no buffer for it."""
    params = model_parameters(plan, {})
    params.no_alloc, params.load_mode = True, llama_cpp.LLAMA_LOAD_MODE_NONE
    with heard() as lines:
        model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        context = llama_cpp.llama_init_from_model(model, context_parameters(plan, 1))
    weights = llama_cpp.llama_model_size(model)
    llama_cpp.llama_free(context)
    llama_cpp.llama_model_free(model)
    work = footprint(lines, (), weights)
    states = {RAM: work.cache.get(RAM, 0) + sum(caches(lines))}
    return Footprint({RAM: weights}, states, work.compute, Origin.MEASURED)


def caches(lines: list[str]) -> Iterator[int]:
    for line in lines:
        if found := re.search(r"llama_kv_cache: size = +([\d.]+) MiB", line):
            yield round(float(found[1]) * MIB)


def shown(name: str, plan: LoadPlan, told: Footprint, found: Footprint) -> tuple[float, float]:
    attention = "flash" if plan.flash_attention else "plain"
    layout = f"{plan.cells} × {plan.sequences} {plan.cache_type} {attention} {plan.batch_tokens}"
    total = off(told.total()[RAM], found.total()[RAM])
    compute = off(told.compute[RAM], found.compute[RAM])
    print(
        f"{name:16} {layout:30} {found.total()[RAM] / MIB:6.0f} MiB {total:+6.1f}%"
        f" {found.compute[RAM] / MIB:6.0f} MiB {compute:+6.1f}%"
    )
    return total, compute


def off(told: int, found: int) -> float:
    return 100 * (told / found - 1)


def worst(errors: tuple[float, ...]) -> float:
    return max(map(abs, errors))


if __name__ == "__main__":
    main()
