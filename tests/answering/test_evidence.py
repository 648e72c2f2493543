"""Sentences as evidence, with embeddings that see no difference: words and kinds decide."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_lab.answering.evidence import SENTENCES_EMBEDDED, find_evidence, read_rarity
from janus_lab.answering.question import read_question
from janus_lab.answering.words import content_stems, stem, stems, words
from janus_lab.values.chunk import Chunk
from janus_lab.values.hit import Hit


class Alike:
    """Embeds everything alike, and counts how much."""

    def __init__(self):
        self.embedded = []

    def embed(self, texts):
        self.embedded += texts
        return np.ones((len(texts), 1), np.float32)

    def embed_query(self, text):
        return np.ones(1, np.float32)


def hit(text, *, start=0, title="", heading="", version="v", score=1.0):
    chunk = Chunk(f"c{start}{version}", "d", version, 0, start, start + len(text), None, heading, text)
    return Hit(chunk, score, 1, (), title, "o.txt", None)


def found(question, *hits):
    asked = read_question(question)
    return find_evidence(asked, hits, read_rarity(asked, hits), Alike())


def test_spans_are_of_the_document_and_exact():
    evidence = found("What burned?", hit("  Oil burned here.\nBread was baked.", start=100))
    assert [(e.start, e.end, e.text) for e in evidence if "Oil" in e.text] == [(102, 118, "Oil burned here.")]


def test_rare_words_of_the_question_count_most():
    texts = [f"The station has a mast {n}." for n in range(8)]
    hits = [hit(t, version=f"v{n}") for n, t in enumerate([*texts, "The anemometer broke."])]
    assert found("Which station has the anemometer?", *hits)[0].text == "The anemometer broke."


def test_the_kind_asked_for_counts():
    one = hit("The tower was built of stone. The tower was built in 1874.")
    assert found("When was the tower built?", one)[0].text == "The tower was built in 1874."


def test_sentences_that_two_chunks_share_come_once():
    text = "One fact is here. Another fact is there."
    evidence = found("Which fact?", hit(text), hit(text[18:], start=18))
    assert sorted(e.start for e in evidence) == [0, 18]


@pytest.mark.parametrize("title", ["Failure of the lidar", "# Failure of the lidar"])
def test_titles_and_headings_are_no_evidence(title):
    text = f"{title}\n\nThe lidar stopped."
    assert [e.text for e in found("Why the failure of the lidar?", hit(text, title="Failure of the lidar"))] == [
        "The lidar stopped."
    ]
    assert [
        e.text for e in found("Why the failure of the lidar?", hit(text, heading="Report › Failure of the lidar"))
    ] == ["The lidar stopped."]


def test_no_more_sentences_are_embedded_than_needed():
    question = read_question("Which fact is it?")
    hits = [hit(" ".join(f"Fact {n} is number {n * 7}." for n in range(60)))]
    embedder = Alike()
    find_evidence(question, hits, read_rarity(question, hits), embedder)
    assert len(embedder.embedded) == SENTENCES_EMBEDDED


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=5))
def test_rarity_is_a_share(question, texts):
    asked = read_question(question)
    rarity = read_rarity(asked, [hit(t) for t in texts])
    assert all(0 <= rarity.coverage(stems(t)) <= 1 + 1e-9 for t in texts)
    assert rarity.coverage(frozenset(asked.content)) == pytest.approx(1 if asked.content else 0)


def test_inflections_case_accents_and_separators_do_not_matter():
    assert stem("Surrendered") == stem("surrender")
    assert stem("Élodie’s") == stem("elodie")
    assert stem("12,400") == "12400"
    assert stem("2.5") != stem("25")


def test_function_words_carry_no_meaning():
    assert content_stems("What is the name of the station cook?") == ["statio", "cook"]
    assert words("東京タワー 333 m")[:2] == ["東", "京"]
