from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from janus_lab.ingest.chunker import ChunkSize, chunk_text, indexed_text
from janus_lab.ingest.draft import sections_from
from janus_lab.values.document import Page, ParsedDocument

LISTING = "alpha beta gamma delta. epsilon zeta! Eta theta, iota (kappa) lambda.\n\nMu nu xi\nomicron Pi? rho"
WORDS = LISTING.split(" ")


def parsed(text: str, **changes: object) -> ParsedDocument:
    return ParsedDocument(text=text, title="Title", media_type="text/plain", **changes)  # type: ignore[arg-type]


def prose(words: int, seed: int = 0) -> str:
    source = random.Random(seed)
    return " ".join(source.choice(WORDS) for _ in range(words))


def chunks_of(text: str, size: int = 200, overlap: int = 40, **changes: object):
    return chunk_text(parsed(text, **changes), "d", "v", ChunkSize(size, overlap))


text_strategy = st.one_of(
    st.text(alphabet=st.sampled_from("aB. \n!é\u0301👩\u200d🚀🏽🇫🇷"), max_size=400),
    st.builds(prose, st.integers(0, 200), st.integers(0, 1000)),
)


@settings(deadline=None, max_examples=300)
@given(text_strategy, st.integers(4, 120), st.integers(0, 60), st.lists(st.integers(0, 400), max_size=5))
def test_chunks_are_exact_bounded_and_complete(text: str, size: int, overlap: int, starts: list[int]) -> None:
    headings = [(start, 1 + index % 3, f"H{index}") for index, start in enumerate(sorted(starts)) if start < len(text)]
    chunks = chunks_of(text, size, overlap, sections=sections_from(headings, len(text)))
    covered = [False] * len(text)
    for ordinal, chunk in enumerate(chunks):
        assert chunk.ordinal == ordinal
        assert chunk.text == text[chunk.start : chunk.end] == chunk.text.strip() != ""
        assert chunk.end - chunk.start <= size
        covered[chunk.start : chunk.end] = [True] * (chunk.end - chunk.start)
    assert all(done or character.isspace() for done, character in zip(covered, text, strict=True))
    assert all(a.start < b.start and a.end < b.end for a, b in itertools.pairwise(chunks))
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    assert chunks == chunks_of(text, size, overlap, sections=sections_from(headings, len(text)))


def test_an_edit_leaves_the_ids_of_what_it_does_not_reach() -> None:
    before = "\n\n".join(prose(30, seed) for seed in range(40))
    after = before.replace("alpha", "a much longer word", 1)
    old = {chunk.id for chunk in chunks_of(before, 1000, 100)}
    new = {chunk.id for chunk in chunks_of(after, 1000, 100)}
    assert 1 <= len(new - old) <= 4


def test_repeated_text_has_ids_of_its_own() -> None:
    assert len({chunk.id for chunk in chunks_of("\n\n".join(["Same words here."] * 50), 20, 0)}) == 50


def test_sentences_stay_whole_where_they_fit() -> None:
    text = " ".join(f"Sentence number {n} has a few more words in it." for n in range(50))
    for chunk in chunks_of(text, 300, 60):
        assert chunk.text.startswith("Sentence")
        assert chunk.text.endswith("it.")


def test_sections_begin_chunks_and_give_headings() -> None:
    body = "Some words that say little. " * 6
    text = f"# One\n\n{body}\n\n## Two\n\n{body}\n\n# Three\n\n{body}".replace(" \n", "\n")
    sections = sections_from(
        [(text.index("# One"), 1, "One"), (text.index("## Two"), 2, "Two"), (text.index("# Three"), 1, "Three")],
        len(text),
    )
    chunks = chunks_of(text, 220, 40, sections=sections)
    assert [(c.heading, c.text[:6]) for c in chunks] == [
        ("One", "# One\n"),
        ("One › Two", "## Two"),
        ("Three", "# Thre"),
    ]


def test_page_is_where_the_chunk_begins() -> None:
    text = "a" * 90 + "\n\n" + "b" * 90
    pages = (Page(1, 0, 90), Page(2, 90, len(text)))
    assert [chunk.page for chunk in chunks_of(text, 100, 0, pages=pages)] == [1, 2]
    assert chunks_of(text)[0].page is None


def test_combining_sequences_are_not_cut() -> None:
    text = "e\u0301" * 100
    for chunk in chunks_of(text, 15, 0):
        assert chunk.text.startswith("e")
    family = "👩\u200d🚀" * 30
    for chunk in chunks_of(family, 10, 0):
        assert chunk.text.startswith("👩")


def test_code_is_cut_at_lines() -> None:
    text = "\n".join(f"value_{n} = compute(x. y, {n}). done" for n in range(60))
    for chunk in chunk_text(
        ParsedDocument(text=text, title="t", media_type="text/x-source"), "d", "v", ChunkSize(300, 40)
    ):
        assert chunk.text.startswith("value_")


@pytest.mark.parametrize("text", ["", " \n "])
def test_blank_text_has_no_chunks(text: str) -> None:
    assert chunks_of(text) == []


def test_indexed_text_names_title_and_headings_once() -> None:
    assert indexed_text("T", "T › A › B", "x") == "T › A › B\nx"
    assert indexed_text("", "", "x") == "x"
