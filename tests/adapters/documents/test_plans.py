"""SQLite looks things up where a scan would cost more with every document."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from janus_lab.adapters.documents.reading import _CHUNKS_WITH_BLOCKS
from janus_lab.adapters.documents.terms import meets
from janus_lab.adapters.relational.database import open_database
from janus_lab.adapters.relational.schema import chunk, document
from janus_lab.values.filter import Condition, Operator

QUERIES = {
    "chunks": _CHUNKS_WITH_BLOCKS.where(chunk.c.id.in_(["a" * 32, "b" * 32])),
    "text equals": select(document).where(meets(Condition("venue", Operator.EQUALS, "ACL"))),
    "number at least": select(document).where(meets(Condition("year", Operator.AT_LEAST, 2000))),
    "list contains": select(document).where(meets(Condition("tags", Operator.CONTAINS, "x"))),
}


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_scans_a_table(tmp_path, name):
    statement = QUERIES[name].compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    with open_database(f"sqlite:///{tmp_path}/janus.db") as database, database.read() as connection:
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
    assert plan
    assert [line for line in plan if line.startswith("SCAN")] == []
