"""What every document store does with versions: staged, published, read by span, removed."""

from __future__ import annotations

import itertools

import pytest

from janus_lab.adapters.documents import publishing
from janus_lab.errors import Defect, NotFound
from janus_lab.values.filter import Condition, Operator


def test_a_document_comes_back_as_it_was_published(store, version, published, numbered):
    v = version("b/ä.txt#7", numbered(500), year=2020, tags=["x", "y"], author={"name": "Ada"}, none=None)
    published(v)
    assert store.get(v.document.id) == v.document
    assert store.chunks([c.id for c in v.chunks]) == list(v.chunks)
    assert store.chunk_ids([v.document.id, "0" * 32]) == {v.document.id: [c.id for c in v.chunks]}


def test_a_staged_version_is_seen_by_nobody(store, version, numbered):
    v = version("a.txt", numbered(100))
    store.stage([v])
    with pytest.raises(NotFound):
        store.get(v.document.id)
    assert store.find() == []
    assert store.find(words="w7") == []
    assert list(store.iterate()) == []
    assert store.chunks([c.id for c in v.chunks]) == []
    assert store.chunk_ids([v.document.id]) == {}


def test_staging_and_publishing_again_changes_nothing(store, version, published, numbered):
    v = version("a.txt", numbered(100), year=1)
    for _ in range(3):
        published(v, v)
    assert store.find(words="w7") == [v.document]
    assert store.find(where=[Condition("year", Operator.EQUALS, 1)]) == [v.document]
    assert store.chunk_ids([v.document.id])[v.document.id] == [c.id for c in v.chunks]


def test_what_was_not_staged_can_not_be_published_and_takes_nothing_with_it(store, version):
    good, bad = version("a.txt", "one"), version("b.txt", "two")
    store.stage([good])
    with pytest.raises(Defect):
        store.publish([good.document, bad.document])
    assert store.find() == []


def test_a_new_version_replaces_words_terms_and_chunks_and_the_old_text_stays(store, version, published, numbered):
    old = version("a.txt", numbered(200) + " elephant", title="Old", tags=["old"])
    new = version("a.txt", numbered(200) + " giraffe", title="New", tags=["new"])
    published(old)
    published(new)
    assert store.get(old.document.id) == new.document
    assert store.find(words="elephant") == store.find(words="Old") == []
    assert store.find(words="giraffe") == store.find(words="new") == [new.document]
    assert store.find(where=[Condition("tags", Operator.CONTAINS, "old")]) == []
    assert store.find(where=[Condition("tags", Operator.CONTAINS, "new")]) == [new.document]
    gone = {c.id for c in old.chunks} - {c.id for c in new.chunks}
    kept = [c for c in new.chunks if c.id in {d.id for d in old.chunks}]
    assert gone
    assert store.chunks(sorted(gone)) == []
    assert kept
    assert store.chunks([c.id for c in kept]) == kept
    for v in (old, new):
        assert store.text(v.document.version_id, 0, 10**9) == v.parsed.text


def test_a_version_can_become_current_again(store, version, published):
    old, new = version("a.txt", "first words"), version("a.txt", "second words")
    for v in (old, new, old):
        published(v)
    assert store.find(words="first") == [old.document]
    assert store.find(words="second") == []


@pytest.mark.parametrize("text", ["", "x", "ä🎻" * 20_000, "one two " * 30_000, "a\0b\ud800c" * 9000, "\n" * 8192])
def test_spans_are_exact(store, text, version, published):
    v = version("a.txt", text)
    published(v)
    marks = sorted({0, 1, 99, 4095, 4096, 4097, 8192, len(text) - 1, len(text), len(text) + 5})
    for start, end in itertools.product([-3, *marks], marks):
        assert store.text(v.document.version_id, start, end) == text[max(start, 0) : max(end, 0)]
    assert all(c.text == text[c.start : c.end] for c in store.chunks([c.id for c in v.chunks]))


def test_texts_and_boxes_of_unknown_versions_are_told(store):
    with pytest.raises(NotFound):
        store.text("0" * 32, 0, 1)
    with pytest.raises(NotFound):
        store.boxes("0" * 32, 0, 1)


def test_boxes_overlap_their_span(store, version, published, numbered):
    v = version("a.txt", numbered(400))
    published(v)
    everything = list(v.parsed.boxes)
    assert store.boxes(v.document.version_id, 0, 10**6) == everything
    assert store.boxes(v.document.version_id, 100, 101) == [b for b in everything if b.start < 101 and b.end > 100]
    assert store.boxes(v.document.version_id, 50, 50) == []
    bare = version("b.txt", "")
    published(bare)
    assert store.boxes(bare.document.version_id, 0, 9) == []


def test_chunks_come_in_the_order_asked(store, version, published, numbered):
    v, w = version("a.txt", numbered(900)), version("b.txt", "other " + numbered(900))
    published(v, w)
    asked = [c.id for pair in zip(v.chunks, w.chunks, strict=False) for c in pair][::-1]
    assert [c.id for c in store.chunks([*asked, "0" * 32])] == asked


def test_removing_removes_everything(store, version, published, numbered):
    v, w = version("a.txt", numbered(100), year=1), version("b.txt", numbered(100), year=1)
    edited = version("a.txt", numbered(50))
    published(v, w)
    published(edited)
    staged = version("c.txt", "staged only")
    store.stage([staged])
    assert store.remove([v.document.id, staged.document.id, "0" * 32]) == 1
    assert store.remove([v.document.id]) == 0
    assert store.find() == store.find(words="w7") == list(store.iterate()) == [w.document]
    assert store.find(where=[Condition("year", Operator.EQUALS, 1)]) == [w.document]
    for gone in (v, edited, staged):
        with pytest.raises(NotFound):
            store.text(gone.document.version_id, 0, 1)
    published(v)
    assert store.get(v.document.id) == v.document


def test_many_documents_are_published_at_once_each_with_its_own_words(store, version, published, monkeypatch):
    monkeypatch.setattr(publishing, "_CHARACTERS_AT_ONCE", 3000)
    versions = [version(f"{n}.txt", f"common w{n} " + "filler " * (n % 90), title=f"t{n}", year=n) for n in range(120)]
    published(*versions)
    assert len(store.find(words="common", limit=1000)) == 120
    for n in (0, 1, 49, 50, 51, 89, 100, 119):
        assert [d.origin for d in store.find(words=f"w{n} t{n}")] == [f"{n}.txt"]
        assert [d.origin for d in store.find(where=[Condition("year", Operator.EQUALS, n)])] == [f"{n}.txt"]
