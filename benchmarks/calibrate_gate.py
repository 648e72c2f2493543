"""Fit the gate's weights: does the best evidence answer the question? Written to `janus_lab/answering/gate_weights.json`.

    python benchmarks/calibrate_gate.py --data FOLDER [--sets xquad-en] [--check SET ...] [--write]

Every question of the sets is put twice to the real service, once of all documents (label 1) and once with those that answer
it hidden (label 0); signals are those that its gate would see. Weights are a logistic regression with a small ridge penalty.
Figures of the sets fitted on are cross-validated in ten folds; questions about documents of one title are never in two folds.
The threshold is 0.6 and not one half because a wrong answer costs more than a needless refusal: half as much again (0.6 to 0.4).
Sets under `--check` are only measured.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tuning_sets import holds_answer, ingested, opened, read_queries, read_titles

from janus_lab.answering.extractive import choose_quotes
from janus_lab.answering.gate import NOTHING, Signals
from janus_lab.answering.pipeline import AskService
from janus_lab.inference.index_models import IndexEmbedders
from janus_lab.retrieval.search import HybridSearch
from janus_lab.values.filter import Condition, Operator
from janus_lab.values.request import AskRequest

NAMES = tuple(Signals.__dataclass_fields__)
TARGET = Path(__file__).parents[1] / "janus_lab" / "answering" / "gate_weights.json"
FOLDS = 10
RIDGE = 1.0
THRESHOLD = 0.6


@dataclass(frozen=True)
class Sample:
    """Signals (rows: questions with their documents present, then hidden), labels, groups, and whether quotes held the answer."""

    signals: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    held: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["xquad-en", "lihua", "hotpot-train100"])
    parser.add_argument("--check", nargs="*", default=[])
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    samples = {name: collect(arguments.data / name) for name in arguments.sets}
    sample = join(list(samples.values()))
    scores = cross_validated(sample)
    weights = fit(sample.signals, sample.labels)
    begin = 0
    for name, part in samples.items():
        own = scores[begin : (begin := begin + len(part.labels))]
        print(f"{name}, cross-validated: AUC {area(own, part.labels):.4f}")
        report(own, part)
    for name in arguments.check:
        other = collect(arguments.data / name)
        own = probabilities(weights, other.signals)
        print(f"{name}, not fitted on: AUC {area(own, other.labels):.4f}")
        report(own, other)
    table = {
        "version": f"{datetime.now(UTC).date().isoformat()}-{'+'.join(arguments.sets)}",
        "threshold": THRESHOLD,
        "intercept": round(float(weights[-1]), 4),
        "weights": {n: round(float(w), 4) for n, w in zip(NAMES, weights, strict=False)},
    }
    print(json.dumps(table, indent=2))
    if arguments.write:
        TARGET.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


def collect(folder: Path) -> Sample:
    """The signals of every question of a set in both conditions."""
    queries, titles = read_queries(folder), read_titles(folder)
    rows: list[tuple[float, ...]] = []
    held: list[bool] = []
    with TemporaryDirectory(ignore_cleanup_errors=True) as home:
        with ingested([folder], Path(home)) as lab:
            ids = {d.key: d.id for d in lab.documents(limit=1_000_000)}
        with opened(Path(home)) as stores:
            search = HybridSearch(IndexEmbedders(lambda _name="": stores.embedder), stores.vectors, stores.documents)
            service = AskService(search, stores.documents, speakers=stores.speakers)
            for hidden in (False, True):
                for query in queries:
                    without = [ids[g] for g in query.gold] if hidden else []
                    where = tuple(Condition("document_id", Operator.NOT_EQUALS, d) for d in without)
                    inquiry = service.inquire(AskRequest(query.question, stores.collection, where=where))
                    rows.append(astuple(inquiry.verdict.signals if inquiry.verdict else NOTHING))
                    quotes = " ".join(e.text for e in choose_quotes(inquiry.evidence))
                    held.append(holds_answer(quotes, query.answers))
    groups = [titles[min(q.gold)] or q.id for q in queries] * 2
    labels = np.repeat([1.0, 0.0], len(queries))
    return Sample(np.array(rows), labels, np.array(groups), np.array(held))


def join(samples: list[Sample]) -> Sample:
    """Several sets as one, each question counting the same."""
    parts = [np.concatenate([getattr(s, n) for s in samples]) for n in ("signals", "labels", "groups", "held")]
    return Sample(*parts)


def fit(signals: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights and, last, the intercept, by Newton's method; the penalty is on weights of standardised signals."""
    mean, spread = signals.mean(0), signals.std(0) + 1e-9
    design = np.c_[(signals - mean) / spread, np.ones(len(signals))]
    penalty = RIDGE * np.diag([1.0] * len(NAMES) + [0.0])
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        expected = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (expected - labels) + penalty @ weights
        curvature = (design.T * (expected * (1 - expected))) @ design + penalty
        step = np.linalg.solve(curvature, slope)
        weights -= step
        if np.abs(step).max() < 1e-9:
            break
    plain = weights[:-1] / spread
    return np.append(plain, weights[-1] - plain @ mean)


def probabilities(weights: np.ndarray, signals: np.ndarray) -> np.ndarray:
    """The gate's word on each row."""
    return 1 / (1 + np.exp(-(signals @ weights[:-1] + weights[-1])))


def cross_validated(sample: Sample) -> np.ndarray:
    """Each row's probability by weights fitted without any row of its group's fold."""
    groups = np.unique(sample.groups)
    np.random.default_rng(0).shuffle(groups)
    scores = np.empty(len(sample.labels))
    for fold in range(FOLDS):
        held_out = np.isin(sample.groups, groups[fold::FOLDS])
        weights = fit(sample.signals[~held_out], sample.labels[~held_out])
        scores[held_out] = probabilities(weights, sample.signals[held_out])
    return scores


def area(scores: np.ndarray, labels: np.ndarray) -> float:
    """The area under the ROC curve."""
    ranks = np.argsort(np.argsort(scores)) + 1
    positive = labels == 1
    above = ranks[positive].sum() - positive.sum() * (positive.sum() + 1) / 2
    return float(above / (positive.sum() * (~positive).sum()))


def report(scores: np.ndarray, sample: Sample) -> None:
    """Print both conditions at the threshold and around it."""
    present = sample.labels == 1
    for t in (0.3, 0.4, 0.5, 0.6, 0.7):
        answered = scores >= t
        correct = np.mean(answered[present] & sample.held[present])
        wrong = np.mean(answered[present] & ~sample.held[present])
        refused = np.mean(~answered[~present])
        mark = "  <- threshold" if t == THRESHOLD else ""
        print(f"   from {t:.1f}: correct {correct:.1%}, wrong {wrong:.1%}; hidden: refused rightly {refused:.1%}{mark}")


if __name__ == "__main__":
    main()
