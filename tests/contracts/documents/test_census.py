"""What every document store that counts says of itself."""

from __future__ import annotations


def test_only_published_documents_count(store, version, published, numbered):
    assert (store.collections(), store.totals()) == ([], (0, 0))
    one, two = version("a.txt", numbered(100)), version("b.txt", numbered(50), collection="Ünï code")
    published(one, two)
    store.stage([version("c.txt", "staged only", collection="unseen")])
    assert store.collections() == ["default", "Ünï code"]
    assert store.totals() == (2, len(one.chunks) + len(two.chunks))
    edited = version("a.txt", numbered(10))
    published(edited)
    assert store.totals() == (2, len(edited.chunks) + len(two.chunks))
    store.remove([one.document.id, two.document.id])
    assert (store.collections(), store.totals()) == ([], (0, 0))
