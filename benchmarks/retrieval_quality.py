"""How good is search: recall@5 and nDCG@10 of meaning, words and both, on sets of questions with known documents.

    python benchmarks/retrieval_quality.py --data FOLDER [SET ...]

Each set is ingested as JSONL the usual way. Figures are ir-measures' own. "margin" is fused recall@5 less the better of its
two parts, in points; the last line is the smallest one.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import ir_measures
from ir_measures import R, nDCG
from tuning_sets import Query, ingested, opened, read_queries, sets_in

from janus_lab.retrieval.fusion import fuse
from janus_lab.retrieval.search import CANDIDATES

MEASURES = [R @ 5, nDCG @ 10]
WAYS = ("dense", "sparse", "fused")
Runs = dict[str, list[ir_measures.ScoredDoc]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="at most so many questions a set")
    parser.add_argument("sets", nargs="*")
    arguments = parser.parse_args()
    print(
        f"{'set':18} {'documents':>9} {'queries':>7}   dense R@5/nDCG@10   sparse R@5/nDCG@10   fused R@5/nDCG@10   margin"
    )
    margins = [measure(folder, arguments.limit) for folder in sets_in(arguments.data, arguments.sets)]
    print(f"smallest margin: {min(margins):+.2f} points")


def measure(folder: Path, limit: int | None) -> float:
    """Ingest one set, search for all its questions, print a line, return the margin."""
    queries = read_queries(folder)[:limit]
    with TemporaryDirectory(ignore_cleanup_errors=True) as home:
        with ingested([folder], Path(home)) as lab:
            documents = len(lab.documents(limit=1_000_000))
        started = time.perf_counter()
        runs = search(Path(home), queries)
        seconds = time.perf_counter() - started
    qrels = [ir_measures.Qrel(q.id, g.replace(" ", "_"), 1) for q in queries for g in q.gold]
    figures = {way: ir_measures.calc_aggregate(MEASURES, qrels, runs[way]) for way in WAYS}
    percent = {way: [100 * figures[way][m] for m in MEASURES] for way in WAYS}
    margin = percent["fused"][0] - max(percent["dense"][0], percent["sparse"][0])
    columns = "   ".join(f"{percent[way][0]:7.2f} / {percent[way][1]:6.2f}" for way in WAYS)
    rate = seconds / len(queries) * 1000
    print(f"{folder.name:18} {documents:>9} {len(queries):>7}   {columns}   {margin:+7.2f}   ({rate:.0f} ms a query)")
    return margin


def search(home: Path, queries: list[Query]) -> Runs:
    """The rankings of both retrievers and of their fusion, as documents (a document ranks where its first chunk does)."""
    runs: Runs = {way: [] for way in WAYS}
    with opened(home) as stores:
        documents, vectors, embedder = stores.documents, stores.vectors, stores.embedder
        keys = {d.id: d.key for d in documents.iterate()}
        document_of = {c: keys[d] for d, ids in documents.chunk_ids(list(keys)).items() for c in ids}
        for query in queries:
            embedding = embedder.embed_query(query.question)
            dense = vectors.search_dense(stores.collection, embedding, CANDIDATES)
            sparse = vectors.search_sparse(stores.collection, query.question, CANDIDATES)
            for way, ranking in zip(WAYS, (dense, sparse, fuse(dense, sparse)), strict=True):
                runs[way] += ranked(query.id, (document_of[p.chunk_id] for p in ranking))
    return runs


def ranked(query_id: str, documents: Iterable[str]) -> list[ir_measures.ScoredDoc]:
    """Distinct documents with falling scores."""
    distinct = dict.fromkeys(documents)
    return [ir_measures.ScoredDoc(query_id, d.replace(" ", "_"), 1.0 / n) for n, d in enumerate(distinct, start=1)]


if __name__ == "__main__":
    main()
