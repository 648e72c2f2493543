"""Putting answers together: spans and numbers fit, whatever was said."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from janus_lab.answering.composition import Composition
from janus_lab.answering.extractive import QUOTES, choose_quotes

SENTENCES = st.lists(st.text(min_size=1, max_size=40).filter(str.strip), min_size=1, max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SENTENCES, st.data())
def test_sentences_index_the_text_and_numbers_go_up(made_evidence, said, data):
    evidence = made_evidence("One.", "Two.", "Three.")
    composition = Composition(lambda _: 7)
    for sentence in said:
        support = data.draw(st.lists(st.sampled_from(evidence), max_size=2))
        composition.say(sentence, support)
    for sentence in composition.sentences:
        assert composition.text[sentence.start : sentence.end] == sentence.text
        assert sentence.supported == bool(sentence.citations)
    first_seen = list(dict.fromkeys(n for s in composition.sentences for n in s.citations))
    assert first_seen == [c.number for c in composition.citations] == list(range(1, len(first_seen) + 1))
    assert all(c.page == 7 for c in composition.citations)


def test_the_same_evidence_keeps_its_number(made_evidence):
    one, two = made_evidence("One.", "Two.")
    composition = Composition(lambda _: None)
    composition.say("A", (two,))
    composition.say("B", (one, two))
    composition.quote(one)
    assert composition.text == "A [1] B [2][1]\n“One.” [2]"


def test_quotes_are_the_best_sentences_without_repeats(made_evidence):
    evidence = made_evidence("Same  text.", "same text.", "Another one.", "A third.")
    assert [e.text for e in choose_quotes(evidence)] == ["Same  text.", "Another one."]
    assert len(choose_quotes(evidence)) == QUOTES


def test_neighbours_are_quoted_in_reading_order_and_others_best_first(made_evidence):
    first, second, third = made_evidence("First.", "Second.", "Third.", apart=1)
    assert choose_quotes([second, first]) == [first, second]
    assert choose_quotes([third, first]) == [third, first]
