"""The gate: its word follows its signals."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_lab.answering.evidence import Evidence
from janus_lab.answering.gate import LONE_MARGIN, NOTHING, Signals, load_gate, read_signals
from janus_lab.answering.question import AnswerKind, kind_match, read_question

SHARES = st.floats(0, 1)
SIGNALS = st.builds(Signals, similarity=st.floats(-1, 1), coverage=SHARES, missing=SHARES, margin=st.floats(0, 3))


@given(SIGNALS, st.sampled_from(["similarity", "coverage", "margin", "missing"]), st.floats(0.001, 1))
def test_more_evidence_never_makes_an_answer_less_likely(signals, name, step):
    gate = load_gate()
    better = replace(signals, **{name: getattr(signals, name) + (-step if name == "missing" else step)})
    assert gate.judge(better).probability >= gate.judge(signals).probability


@given(SIGNALS)
def test_probabilities_are_probabilities(signals):
    verdict = load_gate().judge(signals)
    assert 0 < verdict.probability < 1
    assert verdict.sufficient == (verdict.probability >= load_gate().threshold)


def test_no_evidence_is_not_sufficient():
    assert read_signals(read_question("Who?"), []) == NOTHING
    assert not load_gate().judge(NOTHING).sufficient


def test_lone_evidence_gains_nothing_by_being_alone(made_evidence):
    alone, *_ = made_evidence("The ferry ticket costs 85 crowns.")
    assert read_signals(read_question("How much is a ferry ticket?"), [alone]).margin == LONE_MARGIN


def test_a_repeated_fact_is_no_rival(made_evidence):
    best, copy, other = made_evidence(
        "The ferry ticket costs 85 crowns.", "The ferry ticket costs 85 crowns.", "Bread costs 30 crowns."
    )
    weaker: Evidence = replace(other, score=best.score - 0.4)
    signals = read_signals(read_question("How much is a ferry ticket?"), [best, copy, weaker])
    assert signals.margin == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("text", "kind", "fits", "does_not"),
    [
        ("How many boats were lost?", AnswerKind.NUMBER, "17 boats were lost.", "Many boats were lost."),
        ("When was it built?", AnswerKind.DATE, "It was built in 1874.", "It was built of stone."),
        ("Who built the tower?", AnswerKind.NAME, "Marta Lindqvist built the tower.", "He built the tower."),
        ("Why did it fail?", AnswerKind.REASON, "It failed because the pump seized.", "It failed on Monday."),
        ("Where is the bakery?", AnswerKind.NAME, "The bakery is in Holmen.", "The bakery is closed."),
    ],
)
def test_the_kind_of_answer_is_read_from_the_question(text, kind, fits, does_not):
    question = read_question(text)
    assert question.kind is kind
    assert kind_match(question, fits) == 1.0
    assert kind_match(question, does_not) == 0.0


def test_words_of_the_question_are_no_answer():
    assert kind_match(read_question("Who is Tobias Ekman?"), "Tobias Ekman is here.") == 0.0
