"""Conditions on metadata, in every vector store."""

from __future__ import annotations

import pytest
from vector_points import HOME, embeddings, found, ids, point

from janus_lab.values.filter import Condition, Operator

CONDITIONS = [
    ("document_id", "=", "a", "a"),
    ("year", "=", 2020, "a"),
    ("year", "=", 2020.0, "a"),
    ("year", "!=", 2020, "bcd"),
    ("year", ">=", 2020, "ab"),
    ("year", "<=", 2020.5, "ac"),
    ("year", "=", "2020", ""),
    ("venue", "=", "ACL", "a"),
    ("venue", ">=", "B", "bc"),
    ("venue", "<=", "ACL", "a"),
    ("venue", "<=", 5, ""),
    ("open", "=", True, "a"),
    ("open", "=", 1, "c"),
    ("open", "!=", True, "bcd"),
    ("tags", "contains", "x", "ab"),
    ("tags", "=", "x", "c"),
    ("venue", "contains", "ACL", ""),
    ("years", "contains", 1999, "b"),
    ("author.name", "=", "O'Brien \"%_", "a"),
    ("authors.name", "contains", "Ada", "c"),
    ('odd "key" 100%.\\[0]', "=", 1, "d"),
    ("missing", "=", "", ""),
    ("missing", "!=", "x", "abcd"),
    ("", "=", "x", ""),
]


@pytest.mark.parametrize("case", CONDITIONS, ids=lambda case: " ".join(map(str, case[:3])))
def test_conditions(vectors, case):
    path, operator, value, expected = case
    vectors.upsert(
        HOME,
        [
            point("a", year=2020, venue="ACL", open=True, tags=["x", "y"], author={"name": "O'Brien \"%_"}),
            point("b", year=2021, venue="acl", open=False, tags=["x"], years=[1999, 2000], author={"name": "Ada"}),
            point("c", year=2019.5, venue="EMNLP", open=1, tags="x", authors=[{"name": "Ada"}, {"name": "Bob"}]),
            point("d", **{'odd "key" 100%.\\[0]': 1}),
        ],
    )
    where = [Condition(path, Operator(operator), value)]
    assert set(found(vectors.search_dense(HOME, embeddings(1)[0], 10, where=where))) == set(ids(*expected))
    assert set(found(vectors.search_sparse(HOME, "words", 10, where=where))) == set(ids(*expected))


def test_conditions_all_hold(vectors):
    vectors.upsert(HOME, [point(str(n), year=n % 5, tags=["even"] if n % 2 == 0 else ["odd"]) for n in range(40)])
    where = [Condition("year", Operator.AT_LEAST, 3), Condition("tags", Operator.CONTAINS, "odd")]
    expected = {str(n) for n in range(40) if n % 5 >= 3 and n % 2}
    assert set(found(vectors.search_dense(HOME, embeddings(1)[0], 100, where=where))) == set(ids(*expected))
