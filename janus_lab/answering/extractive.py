"""The answer that needs no model: the best sentences, verbatim."""

from __future__ import annotations

from collections.abc import Sequence

from janus_lab.answering.evidence import Evidence

QUOTES = 2
"""Sentences quoted: on the tuning sets the first holds the answer to 82 of 100 questions, the first two to 92."""


def choose_quotes(evidence: Sequence[Evidence], *, quotes: int = QUOTES) -> list[Evidence]:
    """The best sentences, no text twice, those of one document in the order in which they stand there."""
    chosen: list[Evidence] = []
    seen: set[str] = set()
    for item in evidence:
        text = " ".join(item.text.split()).casefold()
        if text in seen:
            continue
        seen.add(text)
        chosen.append(item)
        if len(chosen) == quotes:
            break
    first = {e.hit.chunk.version_id: i for i, e in reversed(list(enumerate(chosen)))}
    return sorted(chosen, key=lambda e: (first[e.hit.chunk.version_id], e.start))
