"""Sentences as evidence: which ones, among the hits, say what a question asks.

A sentence's score adds up how near its meaning is to the question's (cosine of embeddings, the sentence read under its
document's title), how much of the question's rare words it holds, whether it holds the kind of thing asked for, and how good
the chunk is that it stands in; headings count less. Rarity is counted over the candidate chunks themselves, so no statistics of the whole
collection are needed, and words that every candidate shares (the topic) count little.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from janus_lab.answering.question import Question, kind_match
from janus_lab.answering.words import stems
from janus_lab.ingest.chunker import HEADING_SEPARATOR
from janus_lab.ingest.sentences import sentence_spans
from janus_lab.values.hit import Hit

SENTENCES_EMBEDDED = 16
"""How many sentences, the best by their words, are embedded for one question: more change nothing measurable."""
LONGEST_CHARACTERS = 500
"""A longer sentence (a table without line breaks, a list) is cut into pieces of about this length."""
COVERAGE_WEIGHT = 0.6
KIND_WEIGHT = 0.15
CHUNK_WEIGHT = 0.25
HEADING_PENALTY = 0.3
HEADING_WORDS = 8
LABEL_WORDS = 2


class SentenceEmbedder(Protocol):
    """Turns sentences into embeddings of unit length."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embeddings, shape `(len(texts), dim)`."""
        ...

    def embed_query(self, text: str) -> npt.NDArray[np.float32]:
        """The question's embedding, shape `(dim,)`."""
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a hit: characters `start`–`end` of its document version. `similarity` and `coverage` are in [-1, 1] and [0, 1]."""

    hit: Hit
    start: int
    end: int
    text: str
    similarity: float
    coverage: float
    score: float


@dataclass(frozen=True, slots=True)
class Rarity:
    """How much each meaningful word of a question tells the candidate chunks apart; the weights sum to 1."""

    weights: dict[str, float]

    def coverage(self, found: frozenset[str]) -> float:
        """The share of the question's rarity that these stems hold, in [0, 1]."""
        return sum(weight for word, weight in self.weights.items() if word in found)


def read_rarity(question: Question, candidates: Sequence[Hit]) -> Rarity:
    """Weigh the question's words by inverse document frequency over the candidate chunks."""
    bags = [chunk_stems(hit) for hit in candidates]
    raw = {w: math.log((len(bags) + 1) / (sum(w in bag for bag in bags) + 0.5)) for w in question.content}
    total = sum(raw.values()) or 1.0
    return Rarity({w: value / total for w, value in raw.items()})


def chunk_stems(hit: Hit) -> frozenset[str]:
    """The stems of a chunk's text, its document's title and the headings above it."""
    return stems(f"{hit.title} {hit.chunk.heading} {hit.chunk.text}")


def find_evidence(
    question: Question, hits: Sequence[Hit], rarity: Rarity, embedder: SentenceEmbedder
) -> list[Evidence]:
    """The most promising sentences of the hits, best first."""
    promising = sorted(_sentences(question, hits, rarity), key=lambda e: -e.score)[:SENTENCES_EMBEDDED]
    if not promising:
        return []
    similarities = embedder.embed([_in_context(e) for e in promising]) @ embedder.embed_query(question.text)
    weighed = [
        Evidence(e.hit, e.start, e.end, e.text, float(s), e.coverage, e.score + float(s))
        for e, s in zip(promising, similarities, strict=True)
    ]
    return sorted(weighed, key=lambda e: -e.score)


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """Spans of the sentences of a text, over-long ones cut at a blank."""
    for start, end in sentence_spans(text):
        begin = start
        while end - begin > LONGEST_CHARACTERS:
            cut = max(text.rfind(c, begin + 1, begin + LONGEST_CHARACTERS) for c in "\n ")
            cut = cut if cut > begin else begin + LONGEST_CHARACTERS
            yield begin, cut
            begin = cut
            while begin < end and text[begin].isspace():
                begin += 1
        if begin < end:
            yield begin, end


def _sentences(question: Question, hits: Sequence[Hit], rarity: Rarity) -> Iterator[Evidence]:
    """Every sentence once (chunks overlap) but no title or heading above it, scored by all but its embedding."""
    seen: set[tuple[str, int, int]] = set()
    for hit in hits:
        chunk = hit.chunk
        headings = {_bare(part) for part in (hit.title, *chunk.heading.split(HEADING_SEPARATOR))}
        for start, end in pieces(chunk.text):
            place = (chunk.version_id, chunk.start + start, chunk.start + end)
            text = chunk.text[start:end]
            if place in seen or _bare(text) in headings:
                continue
            seen.add(place)
            coverage = rarity.coverage(stems(text))
            score = COVERAGE_WEIGHT * coverage + KIND_WEIGHT * kind_match(question, text) + CHUNK_WEIGHT * hit.score
            if _reads_like_heading(text):
                score -= HEADING_PENALTY
            yield Evidence(hit, place[1], place[2], text, 0.0, coverage, score)


def _reads_like_heading(text: str) -> bool:
    """One or two words, or a few without a stop or a figure: they name what follows and seldom say anything themselves."""
    return (
        len(text.split()) <= LABEL_WORDS
        or (
            len(text.split()) <= HEADING_WORDS
            and text[-1] not in ".!?:;。！？”\"')"
            and not any(c.isdigit() for c in text)
        )
        or text.startswith("#")
    )


def _bare(text: str) -> str:
    return text.strip("#= \t").casefold()


def _in_context(evidence: Evidence) -> str:
    """The sentence under its document's title, which often names what the sentence calls "it"."""
    title = evidence.hit.title.replace("_", " ")
    return f"{title}: {evidence.text}" if title and not evidence.text.startswith(title) else evidence.text
