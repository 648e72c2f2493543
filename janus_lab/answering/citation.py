"""Verification: which evidence supports a sentence, decided by code alone.

A sentence is supported by a span when (1) every number and every name in it occurs there, (2) nearly all its meaningful words
do, (3) mostly in the same order, so that who did what to whom is not turned round, and (4) both or neither of them is
negated. What a model claims to cite plays no part.
"""

from __future__ import annotations

from collections.abc import Sequence

from janus_lab.answering.evidence import Evidence
from janus_lab.answering.words import NEGATIONS, content_stems, is_name, is_number, stem, stems, words

CONTAINED = 0.8
"""Share of a sentence's meaningful words that must occur in its support."""
IN_ORDER = 0.75
"""Share of them that must occur there in the same order."""
RELEVANCE_DROP = 0.5
"""Evidence that scores so much less than the best does not count: a stray sentence that says "answer: 42" is no support."""


def find_support(sentence: str, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The best piece of evidence that supports a sentence; empty if none does.

    No two pieces support a sentence together: a small model's commonest mistake is to join a name of one sentence to the
    number of the next.
    """
    floor = evidence[0].score - RELEVANCE_DROP if evidence else 0.0
    relevant = (e for e in evidence if e.score >= floor)
    return next(((e,) for e in relevant if is_supported(sentence, e.text, e.hit.title)), ())


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
