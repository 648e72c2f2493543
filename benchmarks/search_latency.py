"""Time search at 50,000 chunks, end to end from a client, and see where it goes.

    python benchmarks/search_latency.py --data FOLDER [--chunks 50000] [--queries 200] [--inline] [--home FOLDER]

The collection is made of real sentences in new combinations. So that it is there in minutes, the embedding of a chunk is the
mean of its sentences' (put into the embedding cache before the ingest); search does not know the difference. Queries are real
questions, each asked once, so none is in a cache. "engine room" is end to end less the stages of search itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tuning_sets import opened, read_queries, sets_in

from janus_lab import Lab, open_lab
from janus_lab.inference.embedding import Embedder
from janus_lab.ingest.chunker import indexed_text
from janus_lab.ingest.sentences import sentence_spans
from janus_lab.ports.embedding import EmbeddingCache

SENTENCES = 4000
A_CHUNK = 4
LONGEST = 200
WARM_UP = 10
BATCH = 2000
TARGET_MS, OWN_SHARE_MS = 40.0, 15.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--chunks", type=int, default=50_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--inline", action="store_true", help="without an engine room, for comparison")
    parser.add_argument("--home", type=Path, help="keep the collection here")
    arguments = parser.parse_args()
    folders = sets_in(arguments.data, [])
    questions = sorted({q.question for folder in folders for q in read_queries(folder)})
    questions = random.Random(0).sample(questions, arguments.queries + WARM_UP)
    with TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        home = arguments.home or Path(temporary)
        if not (home / "made.jsonl").is_file():
            make_collection(home, folders, arguments.chunks)
        with open_lab(home, inline=arguments.inline) as lab:
            try:
                measure(lab, questions)
            finally:
                lab.down()


def make_collection(home: Path, folders: list[Path], chunks: int) -> None:
    """Write recombined documents, put their embeddings into the cache, ingest them."""
    home.mkdir(parents=True, exist_ok=True)
    sentences = sample_sentences(folders)
    chosen = np.random.default_rng(0).integers(0, len(sentences), (chunks, A_CHUNK))
    documents = [(f"Note {n}", " ".join(sentences[i] for i in row)) for n, row in enumerate(chosen)]
    corpus = home / "made.jsonl"
    with corpus.open("w", encoding="utf-8") as file:
        for n, (title, text) in enumerate(documents):
            file.write(json.dumps({"id": str(n), "title": title, "text": text}) + "\n")
    with open_lab(home, inline=True):
        pass  # makes the database
    with opened(home) as stores:
        fill_cache(stores.embedder, stores.cache, sentences, chosen, documents)
    started = time.perf_counter()
    with open_lab(home, inline=True) as lab:
        report = lab.ingest(corpus)
    seconds = time.perf_counter() - started
    print(f"{report.chunks} chunks ingested in {seconds:.0f} s (their embeddings were known)")


def sample_sentences(folders: list[Path]) -> list[str]:
    """Some thousand distinct sentences of the sets' documents, short enough that four of them make one chunk."""
    found: set[str] = set()
    for folder in folders:
        for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
            text = json.loads(line)["text"]
            found.update(" ".join(text[a:b].split()) for a, b in sentence_spans(text) if b - a < LONGEST)
    return random.Random(0).sample(sorted(found), min(SENTENCES, len(found)))


def fill_cache(
    embedder: Embedder,
    cache: EmbeddingCache,
    sentences: list[str],
    chosen: np.ndarray,
    documents: list[tuple[str, str]],
) -> None:
    """Remember for each document the mean of its sentences' embeddings."""
    known = embedder.embed(sentences)
    means = known[chosen].mean(axis=1)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    for begin in range(0, len(documents), BATCH):
        texts = [indexed_text(title, "", text) for title, text in documents[begin : begin + BATCH]]
        hashes = [hashlib.sha256(t.encode()).hexdigest() for t in texts]
        cache.put(embedder.info.fingerprint, dict(zip(hashes, means[begin : begin + BATCH], strict=True)))


def measure(lab: Lab, questions: list[str]) -> None:
    """Ask, and print medians and 95th percentiles in milliseconds."""
    ends: list[float] = []
    stages: dict[str, list[float]] = {}
    for n, question in enumerate(questions):
        started = time.perf_counter()
        result = lab.search(question, limit=10)
        seconds = time.perf_counter() - started
        if n < WARM_UP:
            continue
        ends.append(seconds)
        for stage, took in result.timings.items():
            stages.setdefault(stage, []).append(took)
    service = np.sum(list(stages.values()), axis=0)
    rows = {**stages, "search itself": service, "engine room": np.array(ends) - service, "end to end": ends}
    print(f"{'':>14}   p50 ms   p95 ms")
    for name, values in rows.items():
        low, high = np.percentile(np.array(values) * 1000, [50, 95])
        print(f"{name:>14} {low:8.1f} {high:8.1f}")
    whole, own = (1000 * float(np.median(rows[name])) for name in ("end to end", "engine room"))
    print(
        f"end to end {whole:.1f} ms ({whole / TARGET_MS:.2f} of the target), engine room {own:.1f} ms ({own / OWN_SHARE_MS:.2f})"
    )


if __name__ == "__main__":
    main()
