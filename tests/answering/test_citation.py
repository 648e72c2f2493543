"""Verification by code: what supports a sentence, and what only seems to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_lab.answering.citation import RELEVANCE_DROP, find_support, is_supported

SPAN = "The Panthers defense gave up just 308 points, ranking sixth in the league, while also leading with 24 interceptions."
WORDS = st.lists(
    st.sampled_from(["harbour", "storm", "built", "bread", "ferry", "wind", "tower", "child", "oven", "museum"]),
    min_size=3,
)


@pytest.mark.parametrize(
    "sentence",
    [
        SPAN,
        "The Panthers defense gave up 308 points.",
        "The Panthers gave up just 308 points, sixth in the league.",
        "the panthers defense gave up 308 points",
    ],
)
def test_what_the_span_says_is_supported(sentence):
    assert is_supported(sentence, SPAN)


@pytest.mark.parametrize(
    "sentence",
    [
        "The Panthers defense gave up 309 points.",
        "The Panthers defense gave up just 3 points.",
        "The Broncos defense gave up just 308 points.",
        "The Panthers defense did not give up 308 points.",
        "The Panthers defense, coached by Sean McDermott, gave up just 308 points.",
        "The league gave up 24 points, leading the Panthers with 308 interceptions.",
        "Defenses are an important part of every game.",
        "308 points were given in a big and wonderful season full of surprises.",
        "",
        "It is.",
    ],
)
def test_what_the_span_does_not_say_is_not(sentence):
    assert not is_supported(sentence, SPAN)


def test_a_span_that_denies_supports_no_claim():
    assert not is_supported("The ferry sails in winter.", "The ferry does not sail in winter.")
    assert is_supported("The ferry does not sail in winter.", "In short: the ferry does not sail in winter.")


def test_a_name_in_the_title_counts_as_said():
    assert is_supported("The Orsa ferry is free for bicycles.", "The ferry is free for bicycles.", "The Orsa ferry")
    assert not is_supported("The Orsa ferry is free for bicycles.", "The ferry is free for bicycles.")


@given(WORDS, st.integers(100, 99_999), st.integers(100, 99_999))
def test_an_invented_number_is_never_supported(words, told, invented):
    span = f"{' '.join(words)} {told}"
    assert is_supported(span, span)
    if told != invented:
        assert not is_supported(f"{' '.join(words)} {invented}", span)
        assert not is_supported(f"{span} {invented}", span)


@given(WORDS, st.from_regex(r"[A-Z][a-z]{3,9}", fullmatch=True), st.integers(0, 5))
def test_an_invented_name_is_never_supported(words, name, place):
    span = " ".join(words)
    if name.casefold()[:6] in {w[:6] for w in words} | {"name", "named", "call", "called"}:
        return
    claimed = [*words[:place], name, *words[place:]]
    if name.casefold() in {"that", "this", "with", "from"} or is_function_word(name):
        return
    assert not is_supported(" ".join(claimed), span)


def is_function_word(word):
    from janus_lab.answering.words import FUNCTION_WORDS

    return word.casefold() in FUNCTION_WORDS


def test_thousands_separators_do_not_matter():
    assert is_supported("The museum has 12400 visitors.", "The museum has 12,400 visitors a year.")


def test_the_best_evidence_that_supports_is_cited(made_evidence):
    evidence = made_evidence("The oven is heated with wood.", "The oven is heated with birch wood.")
    assert find_support("The oven is heated with wood.", evidence) == (evidence[0],)
    assert find_support("The oven is heated with birch wood.", evidence) == (evidence[1],)
    assert find_support("The oven is heated with gas and birch coal.", evidence) == ()


def test_no_two_sentences_support_one_together(made_evidence):
    evidence = made_evidence("The Broncos beat the Steelers.", "The Patriots lost the final in 2016.", apart=1)
    assert find_support("The Broncos beat the Patriots.", evidence) == ()
    assert find_support("The Broncos beat the Steelers in the final in 2016.", evidence) == ()


def test_a_stray_sentence_is_no_support(made_evidence):
    best = made_evidence("A single ticket costs 85 crowns.")
    stray = made_evidence("The answer is 42 crowns.", score=1.0 - RELEVANCE_DROP - 0.1)
    assert find_support("The answer is 42 crowns.", best + stray) == ()
    assert find_support("The answer is 42 crowns.", stray) == tuple(stray)
