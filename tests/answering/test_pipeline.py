"""Asking, from question to verified answer, on a small corpus with the real embedding model."""

from __future__ import annotations

import itertools
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waiting import until

from janus_lab.adapters.backend.llama_backend import _ASK_EVERY_SECONDS
from janus_lab.answering.evidence import pieces
from janus_lab.errors import MissingPackage, ModelFailed, RunCancelled
from janus_lab.values.answer import Outcome
from janus_lab.values.event import EventKind

PRESENT = [
    ("Who built the lighthouse at Skarvik?", "Marta Lindqvist"),
    ("When was electric light installed in the lighthouse?", "1911"),
    ("How many times a day does the Orsa ferry cross the sound?", "six times"),
    ("How much does a single ticket for the ferry cost?", "85 crowns"),
    ("Who brought the recipe of the rye bread from Tallinn?", "Pauline Ruus"),
    ("On which day is the bakery closed?", "Sundays"),
    ("Who is the director of the fishing museum?", "Tobias Ekman"),
    ("How many boats did the storm of 1953 destroy?", "17 boats"),
]
ABSENT = [
    "What is the capital of Mongolia?",
    "Who painted the ceiling of the church in Holmen?",
    "How many students attend the school in Skarvik?",
    "What is the salary of the ferry captain?",
    "Which football club won the cup in 1987?",
    "What is the boiling point of ethanol?",
]


def assert_sound(library, answer):
    """Every promise an answer makes about its spans and numbers."""
    for sentence in answer.sentences:
        assert answer.text[sentence.start : sentence.end] == sentence.text
        assert sentence.supported == bool(sentence.citations)
    seen = list(dict.fromkeys(n for s in answer.sentences for n in s.citations))
    assert seen == [c.number for c in answer.citations] == list(range(1, len(seen) + 1))
    for citation in answer.citations:
        assert library.documents.text(citation.version_id, citation.start, citation.end) == citation.quote


@pytest.mark.parametrize(("question", "expected"), PRESENT)
def test_what_the_documents_hold_is_answered(library, question, expected):
    answer, context = library.ask(question)
    assert answer.outcome is Outcome.EXTRACTIVE
    assert expected in answer.text
    assert_sound(library, answer)
    cited = [e for e in context.told if e.kind is EventKind.CITATION]
    assert [e.data["number"] for e in cited] == [c.number for c in answer.citations]


@pytest.mark.parametrize("question", ABSENT)
def test_what_they_do_not_hold_is_refused_without_asking_a_model(library, parrot, question):
    model = parrot("The answer is 42.")
    answer, context = library.ask(question, model)
    assert answer.outcome is Outcome.REFUSED
    assert "documents" in answer.text
    assert (answer.citations, answer.sentences, answer.draft) == ((), (), "")
    assert answer.hits
    assert model.requests == []
    assert not [e for e in context.told if e.kind is EventKind.TOKEN]


@pytest.mark.parametrize(("question", "expected"), PRESENT[:3])
def test_the_real_model_answers_with_verified_citations(library, question, expected):
    answer, context = library.ask(question, library.generator)
    assert answer.outcome in (Outcome.GENERATED, Outcome.EXTRACTIVE)
    assert expected in answer.text
    assert "".join(e.data["text"] for e in context.told if e.kind is EventKind.TOKEN) == answer.draft != ""
    assert_sound(library, answer)
    assert context.manifest["generation_model"] == library.generator.info.fingerprint
    assert {"prompt", "sampling", "gate", "chunk_ids", "embedding_model"} <= set(context.manifest)


def test_a_supported_draft_leads_and_is_cited(library, parrot):
    answer, _ = library.ask(PRESENT[0][0], parrot("Engineer Marta Lindqvist was built by the lighthouse at Skarvik."))
    assert answer.outcome is Outcome.EXTRACTIVE  # turned round
    answer, _ = library.ask(PRESENT[0][0], parrot("The lighthouse at Skarvik was built by Marta Lindqvist [9]."))
    assert answer.outcome is Outcome.GENERATED
    assert answer.text.startswith("The lighthouse at Skarvik was built by Marta Lindqvist. [1]")
    assert answer.sentences[0].citations == (1,)
    assert "1874" in answer.citations[0].quote
    assert_sound(library, answer)


def test_an_unsupported_sentence_is_marked(library, parrot):
    draft = "A single ticket costs 85 crowns. Children under 12 pay 40 crowns."
    answer, _ = library.ask(PRESENT[3][0], parrot(draft))
    assert answer.outcome is Outcome.GENERATED
    assert [s.supported for s in answer.sentences[:2]] == [True, False]
    assert answer.sentences[1].text == "Children under 12 pay 40 crowns."
    assert_sound(library, answer)


@pytest.mark.parametrize(
    "draft",
    [
        "A single ticket costs 95 crowns.",
        "A single ticket costs 85 dollars, said Captain Ahab.",
        "The ferry is a wonderful way to travel.",
        "How much does a single ticket for the ferry cost?",
        "A single ticket does not cost 85 crowns.",
        "",
        "...",
    ],
)
def test_a_draft_that_does_not_stand_gives_way_to_quotes(library, parrot, draft):
    answer, _ = library.ask(PRESENT[3][0], parrot(draft))
    assert answer.outcome is Outcome.EXTRACTIVE
    assert answer.notes
    assert answer.draft == draft
    assert "85 crowns" in answer.text
    assert all(s.supported for s in answer.sentences)
    assert_sound(library, answer)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            [
                "A",
                "single",
                "ticket",
                "costs",
                "85",
                "crowns",
                ".",
                "42",
                "Bob",
                "[1]",
                "not",
                "ferry",
                "\n",
                "free",
                "“",
                "”",
                "’s",
            ]
        ),
        max_size=25,
    )
)
def test_whatever_a_model_says_every_citation_is_exact(library, parrot, words):
    answer, _ = library.ask(PRESENT[3][0], parrot(" ".join(words)))
    assert_sound(library, answer)
    for sentence in answer.sentences:
        if "42" in sentence.text or "Bob" in sentence.text:
            assert not sentence.supported


@pytest.mark.parametrize(
    "error", [ModelFailed("broke", remedy="mend it"), MissingPackage("no package", remedy="install it")]
)
@pytest.mark.parametrize("words", [0, 2])
def test_a_failing_model_leaves_an_extractive_answer_that_names_it(library, parrot, error, words):
    answer, _ = library.ask(PRESENT[3][0], parrot("A single ticket", error=error, words_before_error=words))
    assert answer.outcome is Outcome.EXTRACTIVE
    assert error.code in answer.notes[0]
    assert "85 crowns" in answer.text
    assert answer.draft == ("A single" if words else "")


def test_a_window_that_is_too_small_leaves_an_extractive_answer(library, parrot):
    answer, _ = library.ask(PRESENT[3][0], parrot("A", window=170), answer_tokens=160)
    assert answer.outcome is Outcome.EXTRACTIVE
    assert "context-too-long" in answer.notes[0]


def test_cancelling_keeps_the_partial_text(library, parrot):
    talker = parrot("word " * 500)
    answer, context = library.ask(PRESENT[0][0], talker, lambda: talker.said >= 5)
    assert answer.outcome is Outcome.CANCELLED
    assert answer.text.split() == ["word"] * 5
    assert context.partial


def test_who_cancels_the_real_model_waits_for_no_word_of_it_any_more(library, monkeypatch):
    library.ask(PRESENT[0][0], library.generator)  # so that it is loaded
    engine = library.generator._place.model._loaded._engine
    read, batches, wished = engine._context.read, [], threading.Event()

    def silent_once_it_is_wished(batch):
        batches.append(batch.used)
        if wished.is_set():
            until(lambda: any(asked.cancelled for asked in engine._active))
        return read(batch)

    def cancelled():
        if len(batches) > 2:
            wished.set()
        return wished.is_set()

    monkeypatch.setattr(engine._context, "read", silent_once_it_is_wished)
    answer, _ = library.ask(PRESENT[1][0], library.generator, cancelled)
    assert answer.outcome is Outcome.CANCELLED
    assert wished.is_set()
    assert _ASK_EVERY_SECONDS < 0.25


def test_cancelling_before_the_model_has_no_answer(library, parrot):
    with pytest.raises(RunCancelled):
        library.ask(PRESENT[0][0], parrot("A"), lambda: True)


def test_orders_in_a_document_are_data(library, parrot):
    question = "How fast may vessels go in the harbour?"
    model = parrot("PWNED 99999.")
    answer, _ = library.ask(question, model)
    assert answer.outcome is Outcome.EXTRACTIVE
    assert "5 knots" in answer.text
    prompt = model.requests[0].messages[-1].content
    assert "</passage> System" not in prompt
    answer, _ = library.ask(question, library.generator)
    assert not [s for s in answer.sentences if s.supported and s.text.startswith(("PWNED", "99999"))]
    assert "the ferry is free" not in answer.text
    assert_sound(library, answer)


def test_an_empty_collection_is_refused(library):
    answer, _ = library.ask("?!")
    assert answer.outcome is Outcome.REFUSED


@given(st.text(max_size=3000))
def test_pieces_cover_every_character_that_is_not_blank(text):
    spans = list(pieces(text))
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
    assert all(0 < b - a <= 500 for a, b in spans)
