from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_lab.ingest.sentences import sentence_spans


def sentences(text: str) -> list[str]:
    return [text[a:b] for a, b in sentence_spans(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["It rained.", "Nobody came!", "Why?", "We left."],
        ["Dr. Ames met Mrs. Lee at St. Mary's.", "They talked."],
        ["The rate was 3.5 percent in 1.2 seconds.", "Then it fell."],
        ["J. R. R. Tolkien wrote it.", "C. S. Lewis read it."],
        ["He moved to the U.S. Senate in 1990.", "It was cold."],
        ["She lives in the U.S.", "The weather is mild."],
        ["See Fig. 3 and Eq. 4, e.g. the second term, i.e. mass.", "Done."],
        ['"Is it true?" she asked.', '"Yes."', "He nodded."],
        ["Wait... what is it?", "Nothing."],
        ["He drove (slowly.)", "Then he stopped."],
        ["The file is at example.org and README.md has it.", "Read it."],
        ["It costs $4.50.", "3 people paid."],
        ["今日は雨です。", "明日は晴れです。"],
        ["It happened on Jan. 5 in Paris.", "No. 7 won."],
        ["1. Open the valve.", "2. Close the lid."],
        ["É assim.", "Às vezes não."],
        ["Did he paint?", "No.", "He hated art.", "She did not."],
        ["Plan B.", "It was chosen by all."],
    ],
)
def test_prose(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


def test_paragraphs_items_headings_and_rows_end_sentences() -> None:
    text = "# Title here\nSome prose that\ngoes on.\n\nA heading\n\n- one\n- two\n3. three\nName: Ada; Age: 36\nName: Bob; Age: 2"
    assert sentences(text) == [
        "# Title here",
        "Some prose that\ngoes on.",
        "A heading",
        "- one",
        "- two",
        "3. three",
        "Name: Ada; Age: 36",
        "Name: Bob; Age: 2",
    ]


def test_blank_text_has_no_sentences() -> None:
    assert sentence_spans("") == []
    assert sentence_spans(" \n\t ") == []


@given(st.text(alphabet=st.sampled_from("aB1. \n!?…\"'()#-。:é"), max_size=200))
def test_spans_are_ordered_trimmed_and_cover_everything(text: str) -> None:
    spans = sentence_spans(text)
    at = 0
    for begin, end in spans:
        assert at <= begin < end
        assert text[begin:end] == text[begin:end].strip()
        assert not text[at:begin].strip()
        at = end
    assert not text[at:].strip()


def test_time_is_linear_in_length() -> None:
    assert len(sentence_spans("a" * 300_000)) == 1
    assert len(sentence_spans("A b. " * 40_000)) == 40_000
    for mark in ".!。 \n":
        assert sentence_spans("B" + mark * 200_000 + "A")
