"""What does our embedding stage cost, and what does int8 cost in quality? Beside ONNX Runtime and sentence-transformers.

    python benchmarks/embedding.py [--limit 240] [--precision int8] [--peer PYTHON] [--data FOLDER [SET ...]]

- *bare*: the same session on the very same batches, ready-made. Both sides take turns, and the median of the turns' ratios counts.
- *callers*: several threads that ask for one short text after another, sharing batches, beside each with its own.
- *alone*: one caller who asks for one short text after another, beside the bare session.
- with `--peer`, an interpreter that has sentence-transformers and MiniLM (the group `peers`), its full precision on the same texts, in
  turns, by processor seconds; with `--data`, also recall@5 of both on sets of questions with known documents.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
from embedding_peer import read_answer, write_request
from tuning_sets import read_queries, read_texts, sets_in

from janus_lab.adapters.backend.onnx_embedding import OnnxEmbedding, open_embedding
from janus_lab.compose.load_orders import load_order
from janus_lab.inference.catalog import Catalog
from janus_lab.settings import load_settings
from janus_lab.values.model import ModelOptions, ModelRecord, ModelTask

WORDS = ("the", "of", "model", "graph", "document", "river", "measure", "seven", "light", "answer", "engine", "history")
TURNS = 9
CALLERS = 8
ASKED_EACH = 60
FOUND = 5
BARE_TARGET, PEER_TARGET, RECALL_POINTS = 0.9, 2.5, 1.0

Rows = Sequence[Sequence[int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=240)
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--peer", type=Path, help="an interpreter that has sentence-transformers")
    parser.add_argument("--data", type=Path, help="folder of sets of questions")
    parser.add_argument("sets", nargs="*")
    options = parser.parse_args()
    texts = made_up(options.limit)
    with opened(options.precision) as model:
        against_bare(model, texts)
        against_own_batches(model)
        if options.peer:
            with Peer(options.peer) as peer:
                against_peer(model, peer, texts)
                for folder in sets_in(options.data, options.sets) if options.data else ():
                    recall(model, peer, folder)


@contextmanager
def opened(precision: str) -> Iterator[OnnxEmbedding]:
    settings = load_settings()
    record = ModelRecord("embedding", ModelTask.EMBEDDING, settings.embedding_model, ModelOptions(precision=precision))
    with open_embedding(load_order(settings, Catalog(settings.model_cache), record)) as model:
        model.embed(made_up(8))
        yield model


def made_up(count: int, *, least: int = 40, most: int = 220) -> list[str]:
    chance = random.Random(7)
    return [" ".join(chance.choices(WORDS, k=chance.randint(least, most))) for _ in range(count)]


def against_bare(model: OnnxEmbedding, texts: list[str]) -> None:
    """Our stage reads texts, sorts, batches, and computes; the bare side only computes."""
    batches: list[Rows] = []
    run = model._batches._compute  # noqa: SLF001 (the bare side is this very session)

    def noting(rows: Rows) -> np.ndarray:
        batches.append(rows)
        return run(rows)

    model._batches._compute = noting  # noqa: SLF001
    model.embed(texts)
    model._batches._compute = run  # noqa: SLF001
    threads = model._batches._threads  # noqa: SLF001
    ours, bare = [], []
    for _ in range(TURNS):
        ours.append(timed(lambda: model.embed(texts)))
        bare.append(timed(lambda: in_threads(threads, lambda number: [run(rows) for rows in batches[number::threads]])))
    wall = statistics.median(b[0] / o[0] for o, b in zip(ours, bare, strict=True))
    cpu = statistics.median(b[1] / o[1] for o, b in zip(ours, bare, strict=True))
    tokens = statistics.mean(min(n, model.info.context_tokens) for n in model.count_tokens(texts))
    print(f"{model.info.variant}: {len(texts)} texts of {tokens:.0f} tokens, {len(batches)} batches, {threads} threads")
    print(
        f"  stage {len(texts) / min(o[0] for o in ours):.1f} texts/s, bare {len(texts) / min(b[0] for b in bare):.1f}"
    )
    verdict("of bare ONNX Runtime's speed", wall, BARE_TARGET)
    print(f"  by processor seconds: {cpu:.3f}")


def against_own_batches(model: OnnxEmbedding) -> None:
    """Short texts one after another: by several callers at a time, and by one alone."""
    texts = made_up(CALLERS * ASKED_EACH, least=5, most=20)
    run = model._batches._compute  # noqa: SLF001
    turns: list[tuple[float, ...]] = []
    for _ in range(TURNS):
        shared = timed(lambda: in_threads(CALLERS, lambda n: [model.embed([text]) for text in texts[n::CALLERS]]))
        own = timed(lambda: in_threads(CALLERS, lambda n: [run(model.token_ids([text])) for text in texts[n::CALLERS]]))
        single = timed(lambda: [model.embed([text]) for text in texts[:ASKED_EACH]])
        bare = timed(lambda: [run(model.token_ids([text])) for text in texts[:ASKED_EACH]])
        turns.append((own[0] / shared[0], own[1] / shared[1], single[0], bare[0]))
    walls, cpus, mine, theirs = zip(*turns, strict=True)
    print(f"{CALLERS} callers with one short text each, beside each with batches of its own:")
    print(f"  {statistics.median(walls):.2f}× the texts a second, {statistics.median(cpus):.2f}× a processor second")
    each = 1000 / ASKED_EACH
    print(f"one caller alone: {min(mine) * each:.2f} ms a text, {min(theirs) * each:.2f} ms by the bare session")


class Peer:
    """sentence-transformers at full precision in a process of its own, asked through files."""

    def __init__(self, python: Path) -> None:
        self._python = python

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        script = Path(__file__).with_name("embedding_peer.py")
        self._process = subprocess.Popen(
            [str(self._python), str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.communicate()
        self._folder.cleanup()

    def embed(self, texts: list[str]) -> tuple[np.ndarray, float]:
        """Embeddings, and the processor seconds that they took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        path = Path(self._folder.name, "texts.json")
        write_request(path, texts)
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        return read_answer(path, self._process.stdout.readline())


def against_peer(model: OnnxEmbedding, peer: Peer, texts: list[str]) -> None:
    peer.embed(texts[:8])
    ratios, last = [], (0.0, 0.0)
    for _ in range(3):
        ours = timed(lambda: model.embed(texts))[1]
        theirs = peer.embed(texts)[1]
        ratios.append(theirs / ours)
        last = len(texts) / ours, len(texts) / theirs
    print(f"per processor second: {last[0]:.1f} texts, sentence-transformers at fp32 {last[1]:.1f}")
    verdict("of sentence-transformers' texts per processor second", statistics.median(ratios), PEER_TARGET)


def recall(model: OnnxEmbedding, peer: Peer, folder: Path) -> None:
    """Recall of whole documents by meaning alone, exactly compared, with the first 256 tokens of each."""
    documents, queries = read_texts(folder), read_queries(folder)
    names, passages = list(documents), list(documents.values())
    questions = [query.question for query in queries]
    figures = []
    for embed in (model.embed, lambda some: peer.embed(some)[0]):
        best = np.argsort(-(embed(questions) @ embed(passages).T), axis=1, kind="stable")[:, :FOUND]
        shares = [
            len(query.gold & {names[n] for n in row}) / len(query.gold)
            for query, row in zip(queries, best, strict=True)
        ]
        figures.append(100 * statistics.mean(shares))
    difference = figures[0] - figures[1]
    told = "reached" if difference >= -RECALL_POINTS else "MISSED"
    print(
        f"{folder.name:18} recall@{FOUND} {figures[0]:6.2f}, full precision {figures[1]:6.2f}: {difference:+.2f} ({told})"
    )


def in_threads(count: int, work: Callable[[int], object]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of this process's processors."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def verdict(what: str, ratio: float, target: float) -> None:
    print(f"  {ratio:.3f} {what} (target at least {target}): {'reached' if ratio >= target else 'MISSED'}")


if __name__ == "__main__":
    main()
