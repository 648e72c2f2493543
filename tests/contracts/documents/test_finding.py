"""How every document store finds documents: by id, origin, conditions and words."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from janus_lab.errors import NotFound
from janus_lab.values.filter import Condition, Operator


def test_documents_are_found_by_prefix(store, version, published):
    v = version("a.txt", "x")
    published(v)
    assert store.get(v.document.id[:6]) == v.document
    for unknown in ("", v.document.id[:3], "zzzz", "%%%%"):
        with pytest.raises(NotFound):
            store.get(unknown)


def test_documents_are_found_by_collection_and_origin(store, version, published):
    origins = ["b/2.txt", "a/1.txt", "a_/1.txt", "A/1.txt", "ä/1.txt"]
    one = [version(origin, origin) for origin in origins]
    other = version("a/1.txt", "x", collection="other")
    published(*one, other)
    assert [d.origin for d in store.find("default")] == sorted(origins)
    assert [d.origin for d in store.find(origin_prefix="a/")] == ["a/1.txt", "a/1.txt"]
    assert [d.origin for d in store.find("default", origin_prefix="a_")] == ["a_/1.txt"]
    assert store.find("other") == list(store.iterate("other")) == [other.document]
    assert len(store.find(limit=2)) == 2


def test_original_bytes_are_used_while_a_published_document_stands_in_them(store, version, published):
    def read_from(origin: str, content_hash: str):
        v = version(origin, origin)
        return replace(v, document=replace(v.document, content_hash=content_hash))

    one, two, staged = (read_from(origin, mark * 64) for origin, mark in zip("abc", "121", strict=True))
    published(one, two)
    store.stage([staged])
    hashes = [*(f"{n:064x}" for n in range(1500)), "1" * 64, "2" * 64]
    assert store.used(hashes) == {"1" * 64, "2" * 64}
    assert store.used([]) == store.used(["3" * 64]) == set()
    store.remove([one.document.id])
    assert store.used(hashes) == {"2" * 64}
    store.publish([staged.document])
    assert store.used(hashes) == {"1" * 64, "2" * 64}


CONDITIONS = [
    ("year", "=", 2020, "a"),
    ("year", "=", 2020.0, "a"),
    ("year", "!=", 2020, "bcd"),
    ("year", ">=", 2020, "ab"),
    ("year", "<=", 2020.5, "ac"),
    ("year", "=", "2020", ""),
    ("venue", "=", "ACL", "a"),
    ("venue", "=", "acl", "b"),
    ("venue", ">=", "B", "bc"),
    ("venue", "<=", "ACL", "a"),
    ("venue", "<=", 5, ""),
    ("open", "=", True, "a"),
    ("open", "=", 1, "c"),
    ("open", "!=", True, "bcd"),
    ("tags", "contains", "x", "ab"),
    ("tags", "contains", "X", ""),
    ("tags", "=", "x", "c"),
    ("venue", "contains", "ACL", ""),
    ("years", "contains", 1999, "b"),
    ("author.name", "=", "O'Brien \"%_", "a"),
    ("author.name", "=", "Ada", "b"),
    ("authors.name", "contains", "Ada", "c"),
    ("long", "=", "l" * 5000, "a"),
    ("long", "=", "l" * 5001, ""),
    ("missing", "=", "", ""),
    ("missing", "!=", "x", "abcd"),
    ("'; DROP TABLE document; --", "=", 1, ""),
]


@pytest.mark.parametrize("case", CONDITIONS, ids=lambda case: " ".join(map(str, case[:3]))[:60])
def test_conditions(store, case, version, published):
    path, operator, value, expected = case
    published(
        version(
            "a",
            "t",
            year=2020,
            venue="ACL",
            open=True,
            tags=["x", "y"],
            author={"name": "O'Brien \"%_"},
            long="l" * 5000,
        ),
        version("b", "t", year=2021, venue="acl", open=False, tags=["x"], years=[1999, 2000], author={"name": "Ada"}),
        version("c", "t", year=2019.5, venue="EMNLP", open=1, tags="x", authors=[{"name": "Ada"}, {"name": "Bob"}]),
        version("d", "t"),
    )
    found = store.find(where=[Condition(path, Operator(operator), value)])
    assert "".join(d.origin for d in found) == expected


def test_conditions_all_hold_together_with_words(store, version, published):
    published(
        version("a", "graph databases", year=2020, tags=["x"]),
        version("b", "graph databases", year=2020),
        version("c", "vector databases", year=2020, tags=["x"]),
    )
    where = [Condition("year", Operator.EQUALS, 2020), Condition("tags", Operator.CONTAINS, "x")]
    assert [d.origin for d in store.find(where=where)] == ["a", "c"]
    assert [d.origin for d in store.find(where=where, words="graph")] == ["a"]


WORDS = [
    ("engine", {"one", "two"}),
    ("engines Café", {"one"}),
    ("cafe", {"one"}),
    ("ENGINE AND OR NOT", set()),
    ('"engine', {"one", "two"}),
    ("engine*", {"one", "two"}),
    ("foo_bar", {"two"}),
    ("state-of-the-art", {"two"}),
    ("title:engine", set()),
    ("NEAR(engine cafe)", set()),
    ("') OR 1=1 --", set()),
    ("…!?", set()),
    ("12%", {"two"}),
]


@pytest.mark.parametrize(("words", "expected"), WORDS)
def test_words_are_words_and_no_syntax(store, words, expected, version, published):
    published(
        version("one", "The search engine of the Café."),
        version("two", "Engines in foo_bar, state-of-the-art: 12%."),
        version("three", "nothing of it"),
    )
    assert {d.origin for d in store.find(words=words)} == expected


def test_titles_count_more_than_texts(store, version, published, numbered):
    published(
        version("a", "giraffe among many other words " * 3),
        version("b", "no animal here at all", title="Giraffe"),
        version("c", "giraffe once in a text that goes on and on " + numbered(50)),
    )
    assert store.find(words="giraffe")[0].origin == "b"


def test_words_are_cut_and_stemmed_alike(store, version, published):
    published(
        version(
            "one", "Running runners ran; relational ponies generalizations, Ångström naïve STRASSE Straße İstanbul"
        ),
        version("two", "日本語のテキスト 中文 ελληνικά Привет мир ﬁne x² ½ e\u0301tude 3.14 a.b.c 1e5 _under_score_"),
    )
    for word in ("run", "runner", "relate", "pony", "general", "angstrom", "naive", "strasse", "straße", "istanbul"):
        assert {d.origin for d in store.find(words=word)} == {"one"}, word
    for word in (
        "日本語のテキスト",
        "中文",
        "ελληνικά",
        "привет",
        "étude",
        "etude",
        "14",
        "3 14",
        "b",
        "1e5",
        "under score",
    ):
        assert {d.origin for d in store.find(words=word)} == {"two"}, word
    assert store.find(words="テキスト") == []


def test_documents_of_any_length_are_found_by_every_word(store, version, published):
    v = version("long", " ".join(f"word{n:x}" for n in range(150_000)) + " " + "q" * 5000 + "z", title="Longest")
    short = version("short", "word1 and " + "q" * 5000)
    published(v, short)
    for words in ("word0", "word1 word249ef", "longest word249ef", "q" * 5000 + "z"):
        assert [d.origin for d in store.find(words=words)] in (["long"], ["long", "short"]), words
    assert {d.origin for d in store.find(words="word1")} == {"long", "short"}
    assert [d.origin for d in store.find(words="q" * 5000)] == ["short"]
    assert store.find(words="word249ef missing") == []
    store.remove([v.document.id])
    assert store.find(words="word249ef") == []


def test_metadata_of_any_kind_comes_back_and_is_found(store, version, published):
    values = {
        "nul": "a\0b",
        "far": 10**400,
        "near": -(10**400),
        "precise": 1e23,
        "zero": -0.0,
        "empty": [],
        "k" * 3000: "x",
    }
    v, other = version("a", "t", **values, nan=float("nan")), version("b", "t", nul="a\x01b")
    published(v, other)
    kept = store.get(v.document.id).metadata
    assert kept["nan"] != kept["nan"]
    assert {k: repr(kept[k]) for k in values} == {k: repr(value) for k, value in values.items()}
    for path, value in (("nul", "a\0b"), ("far", 10**400), ("precise", 1e23), ("zero", 0), ("k" * 3000, "x")):
        assert [d.origin for d in store.find(where=[Condition(path, Operator.EQUALS, value)])] == ["a"], path
    assert [d.origin for d in store.find(where=[Condition("near", Operator.AT_MOST, -1e308)])] == ["a"]
    assert store.find(where=[Condition("nan", Operator.AT_LEAST, -1)]) == []
    assert len(store.find(where=[Condition("nan", Operator.NOT_EQUALS, 1)])) == 2


def test_origins_of_any_length_keep_their_order(store, version, published):
    noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz/", k=6000))
    origins = sorted([f"x{noise}", f"x{noise}1", f"x{noise}0", f"x{noise[:600]}", "x", "y"])
    published(*(version(origin, "t") for origin in origins))
    assert [d.origin for d in store.find()] == origins
    assert [d.origin for d in store.find(origin_prefix=f"x{noise}")] == [
        o for o in origins if o.startswith(f"x{noise}")
    ]
    assert [d.origin for d in store.find(origin_prefix="x")] == origins[:-1]
