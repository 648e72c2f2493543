"""Verification: which evidence supports a sentence, decided by code alone.

A sentence is supported by a span when (1) every number and every name in it occurs there, (2) nearly all its meaningful words
do, (3) mostly in the same order, so that who did what to whom is not turned round, and (4) both or neither of them is
negated. What a model claims to cite plays no part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from janus_lab.answering.evidence import Evidence
from janus_lab.answering.words import NEGATIONS, content_stems, is_name, is_number, stem, stems, words

CONTAINED = 0.8
"""Share of a sentence's meaningful words that must occur in its support."""
IN_ORDER = 0.75
"""Share of them that must occur there in the same order."""
RELEVANCE_DROP = 0.5
"""Evidence that scores so much less than the best does not count: a stray sentence that says "answer: 42" is no support."""
NEIGHBOUR_CHARACTERS = 3
"""Two sentences with at most so many characters between them may support one together."""


def find_support(sentence: str, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The best evidence that supports a sentence: one piece, or two adjacent ones; empty if nothing does."""
    if not evidence or not content_stems(sentence):
        return ()
    floor = evidence[0].score - RELEVANCE_DROP
    relevant = [e for e in evidence if e.score >= floor]
    for candidate in [(e,) for e in relevant] + list(_neighbours(relevant)):
        if _supports(candidate, sentence):
            return candidate
    return ()


def is_supported(sentence: str, span: str, title: str = "") -> bool:
    """Whether `span` (in a document called `title`) says what `sentence` says, by the rules above."""
    claimed = content_stems(sentence)
    if not claimed:
        return False
    said = content_stems(span)
    there = stems(span)
    named = there | stems(title)
    for word in words(sentence):
        if is_number(word) and stem(word) not in there:
            return False
        if is_name(word) and stem(word) not in named:
            return False
    if _negated(sentence) != _negated(span):
        return False
    contained = sum(w in named for w in claimed) / len(claimed)
    ordered = _common_subsequence(claimed, said) / len(claimed)
    return contained >= CONTAINED and ordered >= IN_ORDER


def _supports(candidate: tuple[Evidence, ...], sentence: str) -> bool:
    return is_supported(sentence, " ".join(e.text for e in candidate), candidate[0].hit.title)


def _neighbours(evidence: Iterable[Evidence]) -> Iterable[tuple[Evidence, Evidence]]:
    placed = sorted(evidence, key=lambda e: (e.hit.chunk.version_id, e.start))
    for first, second in pairwise(placed):
        same = first.hit.chunk.version_id == second.hit.chunk.version_id
        if same and 0 <= second.start - first.end <= NEIGHBOUR_CHARACTERS:
            yield first, second


def _negated(text: str) -> bool:
    return any(w.casefold() in NEGATIONS or w.casefold().endswith(("n't", "n’t")) for w in words(text))


def _common_subsequence(left: Sequence[str], right: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(right) + 1)
    for a in left:
        previous = 0
        for i, b in enumerate(right, start=1):
            previous, row[i] = row[i], previous + 1 if a == b else max(row[i], row[i - 1])
    return row[-1]
