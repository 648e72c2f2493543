"""Which batch sizes suit a processor: embeddings and prompts in batches of several sizes, in alternating turns.

    python benchmarks/batch_sizes.py [--turns N]

Processor time counts, so that other programs disturb little. Each line says how fast a size is beside the default (512 tokens).
`janus profile` proposes what this shows: no size is faster by much, and smaller batches take less memory.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from janus_lab.adapters.backend.llama_cpp import LlamaBackend, open_llama
from janus_lab.adapters.backend.onnx_embedding import OnnxEmbedding, open_embedding
from janus_lab.compose.load_orders import load_order
from janus_lab.inference.catalog import Catalog
from janus_lab.settings import load_settings
from janus_lab.values.generation import GenerationRequest, Message
from janus_lab.values.model import ModelRecord, ModelTask

SIZES = (64, 128, 256, 512, 1024, 2048)
DEFAULT = 512
CHUNKS = 120
SENTENCE = "The river rises in the hills and ends in a lake. "


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3)
    turns = parser.parse_args().turns
    settings = load_settings("/nowhere")
    catalog = Catalog(settings.model_cache)
    record = ModelRecord("embedding", ModelTask.EMBEDDING, settings.embedding_model)
    order = load_order(settings, catalog, record, threads=1)
    texts = chunks()
    with ExitStack() as models:
        embedding = {size: models.enter_context(open_embedding(replace(order, batch_tokens=size))) for size in SIZES}
        show(
            "embedding_batch_tokens", measured(turns, {size: embed(model, texts) for size, model in embedding.items()})
        )
    record = ModelRecord("generation", ModelTask.GENERATION, settings.generation_model)
    order = load_order(settings, catalog, record, threads=1)
    with ExitStack() as models:
        reading = {
            size: models.enter_context(open_llama(replace(order, plan=replace(order.plan, batch_tokens=size))))
            for size in SIZES
        }
        show("prompt_batch_tokens", measured(turns, {size: read(model, size) for size, model in reading.items()}))


def chunks() -> list[str]:
    text = " ".join(path.read_text(encoding="utf-8") for path in sorted(Path("docs").glob("*.md")))
    chosen = random.Random(1)
    starts = [chosen.randrange(len(text) - 1200) for _ in range(CHUNKS)]
    return [text[start : start + chosen.randrange(300, 1100)] for start in starts]


def embed(model: OnnxEmbedding, texts: list[str]) -> Callable[[int], object]:
    return lambda _turn: model.embed(texts)


def read(model: LlamaBackend, size: int) -> Callable[[int], object]:
    def once(turn: int) -> object:
        # Another beginning each time, or what was read before would be kept.
        asked = Message("user", f"{turn} {size} " + SENTENCE * 100)
        return list(model.stream(GenerationRequest((asked,), max_tokens=1), cancelled=lambda: False))

    return once


def measured(turns: int, work: Mapping[int, Callable[[int], object]]) -> dict[int, float]:
    seconds = dict.fromkeys(work, 0.0)
    for turn in range(turns):
        for size, once in work.items():
            began = time.process_time()
            once(turn)
            seconds[size] += time.process_time() - began
    return seconds


def show(name: str, seconds: Mapping[int, float]) -> None:
    print(f"{name}, beside {DEFAULT}:")
    for size, taken in seconds.items():
        print(f"  {size:5d}  {seconds[DEFAULT] / taken:.2f}×  ({taken:.2f} processor seconds)")


if __name__ == "__main__":
    main()
