"""Is there evidence enough to answer? A calibrated probability, decided before any model runs.

No small model refuses by itself, so code decides: a logistic regression over four signals that mean the same in any
collection. Its weights are data (`gate_weights.json`), fitted by `benchmarks/calibrate_gate.py` on questions with known answers, each
asked once of all documents and once with the document that answers it hidden.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from functools import cache
from importlib import resources
from typing import Any

from janus_lab.answering.evidence import Evidence, chunk_stems
from janus_lab.answering.question import Question
from janus_lab.answering.words import stems
from janus_lab.errors import Defect

_SAME_TEXT = 0.8
"""Sentences that share so much of their words say the same; the second one is no rival."""

LONE_MARGIN = 0.4
"""The margin of evidence without a rival (one chunk in all): it says nothing, so it lies between the two cases' means."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for the best evidence. All but `missing` speak for it the more, the larger they are."""

    similarity: float
    """Cosine of the question and the best sentence under its title."""
    coverage: float
    """Share of the question's rarity that the best sentence holds."""
    missing: float
    """Share of the question's meaningful words that the chunk it stands in lacks."""
    margin: float
    """By how much the best sentence beats the best one of another chunk that says something else."""


NOTHING = Signals(0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's word: the probability that the documents hold the answer, and whether that is enough."""

    probability: float
    sufficient: bool
    signals: Signals


@dataclass(frozen=True, slots=True)
class Gate:
    """Weights by signal (`names` are the fields of Signals), intercept, and the probability from which on it opens."""

    version: str
    weights: tuple[float, ...]
    intercept: float
    threshold: float

    def judge(self, signals: Signals) -> Verdict:
        """The probability for these signals."""
        z = self.intercept + sum(w * s for w, s in zip(self.weights, astuple(signals), strict=True))
        probability = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, z))))
        return Verdict(probability, probability >= self.threshold, signals)


def read_signals(question: Question, evidence: Sequence[Evidence]) -> Signals:
    """The signals of ranked evidence (best first)."""
    if not evidence:
        return NOTHING
    best = evidence[0]
    found = chunk_stems(best.hit)
    missing = sum(w not in found for w in question.content) / max(1, len(question.content))
    rival = next((e for e in evidence[1:] if _is_rival(best, e)), None)
    margin = best.score - rival.score if rival else LONE_MARGIN
    return Signals(best.similarity, best.coverage, missing, margin)


@cache
def load_gate() -> Gate:
    """The gate with the weights that came with this version."""
    data: dict[str, Any] = json.loads(resources.files(__package__).joinpath("gate_weights.json").read_text("utf-8"))
    names = [f.name for f in fields(Signals)]
    if sorted(data["weights"]) != sorted(names):
        raise Defect(
            "gate_weights.json does not fit the gate's signals", remedy="run `python benchmarks/calibrate_gate.py`"
        )
    return Gate(data["version"], tuple(data["weights"][n] for n in names), data["intercept"], data["threshold"])


def _is_rival(best: Evidence, other: Evidence) -> bool:
    if other.hit.chunk.id == best.hit.chunk.id:
        return False
    mine, its = stems(best.text), stems(other.text)
    return len(mine & its) < _SAME_TEXT * min(len(mine), len(its))
