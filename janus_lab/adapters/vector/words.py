"""How words are weighed: BM25 with a language's stems and stop words, and pairs of characters where no spaces part words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import qdrant_edge as edge

_UNSPACED = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u3040-\u30ff"  # Japanese syllables
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han characters
    "]+"
)


@dataclass(frozen=True, slots=True)
class Words:
    """The settings of BM25. A collection keeps for good what it was made with.

    `language` chooses stemmer and stop words ("english", "german" …; "" for neither); `average_tokens` is the usual length
    of a chunk, counted after stop words.
    """

    language: str = "english"
    k: float = 1.2
    b: float = 0.75
    average_tokens: float = 100.0


class WordModel:
    """Texts and queries to sparse vectors. Raises ValueError for settings that the engine does not take."""

    def __init__(self, words: Words) -> None:
        neutral = words.language == ""
        self._model = edge.Bm25(
            edge.Bm25Config(
                k=words.k,
                b=words.b,
                avg_len=words.average_tokens,
                # The multilingual tokenizer knows more scripts and drops every number, so it is not used.
                tokenizer=edge.TokenizerType.Word,
                language=None if neutral else words.language,
                stemmer=edge.DisabledStemmer() if neutral else None,
                stopwords=edge.StopwordsSet() if neutral else None,
                lowercase=True,
                ascii_folding=True,
            )
        )

    def text(self, text: str) -> edge.SparseVector:
        """A text's words, weighed by how often they stand in it and by its length."""
        return self._model.embed_document(_spaced(text))

    def query(self, text: str) -> edge.SparseVector:
        """A query's words."""
        return self._model.embed_query(_spaced(text))


def _spaced(text: str) -> str:
    if text.isascii():
        return text
    return _UNSPACED.sub(lambda run: f" {_pairs(run[0])} ", text.encode("utf-8", "replace").decode())


def _pairs(run: str) -> str:
    return " ".join(a + b for a, b in pairwise(run)) if len(run) > 1 else run
