"""Does our embedding stage cost more than the model? Texts to embeddings, against bare ONNX Runtime on the same batches.

    python benchmarks/embedding_stage.py [--texts corpus.jsonl] [--limit 480] [--precision int8]

The bare side gets the token batches ready-made and does nothing but run the session. Both sides take turns, and the median
of the turns' ratios counts, so that a busy machine disturbs both alike.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from janus_lab.adapters.backend.bert_graph import EMBEDDING, IDS, MASK
from janus_lab.adapters.backend.length_batches import length_batches
from janus_lab.adapters.backend.onnx_embedding import BATCH_TOKENS, OnnxEmbedding, open_embedding
from janus_lab.compose.load_orders import load_order
from janus_lab.inference.catalog import Catalog
from janus_lab.settings import load_settings
from janus_lab.values.model import ModelOptions, ModelRecord, ModelTask

WORDS = ("the", "of", "model", "graph", "document", "river", "measure", "seven", "light", "answer", "engine", "history")
TURNS = 5
TARGET = 0.85


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, help="JSON Lines with a `text` each; generated words without it")
    parser.add_argument("--limit", type=int, default=480)
    parser.add_argument("--precision", default="int8")
    options = parser.parse_args()
    texts = read_texts(options.texts, options.limit)
    settings = load_settings()
    chosen = ModelOptions(precision=options.precision)
    record = ModelRecord("embedding", ModelTask.EMBEDDING, settings.embedding_model, chosen)
    with open_embedding(load_order(settings, Catalog(settings.model_cache), record)) as model:
        report(model, texts)


def read_texts(path: Path | None, limit: int) -> list[str]:
    if path is not None:
        return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()][:limit]
    chance = random.Random(7)
    return [" ".join(chance.choices(WORDS, k=chance.randint(40, 220))) for _ in range(limit)]


def report(model: OnnxEmbedding, texts: list[str]) -> None:
    batches = token_batches(model, texts)
    session = model._session  # noqa: SLF001 (the bare side is this very session)
    ours, bare = [], []
    model.embed(texts[:8])
    for _ in range(TURNS):
        ours.append(timed(lambda: model.embed(texts)))
        bare.append(timed(lambda: [session.run([EMBEDDING], batch) for batch in batches]))
    ratio = statistics.median(b[0] / o[0] for o, b in zip(ours, bare, strict=True))
    wall, cpu = (min(side) for side in zip(*ours, strict=True))
    tokens = statistics.mean(min(n, 256) for n in model.count_tokens(texts))
    print(f"{model.info.variant}: {len(texts)} texts, {tokens:.0f} tokens each")
    print(f"embedding stage: {len(texts) / wall:.1f} chunks/s, {len(texts) / cpu:.1f} chunks per CPU-second")
    print(f"bare ONNX Runtime: {len(texts) / min(b[0] for b in bare):.1f} chunks/s")
    print(f"ratio {ratio:.3f} (target at least {TARGET}): {'reached' if ratio >= TARGET else 'MISSED'}")


def token_batches(model: OnnxEmbedding, texts: list[str]) -> list[dict[str, np.ndarray]]:
    rows = model._token_ids(texts)  # noqa: SLF001
    batches = []
    for positions in length_batches([len(row) for row in rows], BATCH_TOKENS):
        ids = np.zeros((len(positions), max(len(rows[n]) for n in positions)), np.int64)
        mask = np.zeros_like(ids)
        for number, position in enumerate(positions):
            ids[number, : len(rows[position])] = rows[position]
            mask[number, : len(rows[position])] = 1
        batches.append({IDS: ids, MASK: mask})
    return batches


def timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main()
