"""Databases look things up where a scan would cost more with every document."""

from __future__ import annotations

import json
import random
import re

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.dialects import sqlite

from janus_lab.adapters.documents.postgresql_index import PostgresqlIndex
from janus_lab.adapters.documents.reading import _CHUNKS_WITH_BLOCKS
from janus_lab.adapters.documents.store import _PUBLISHED
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

INDEX = PostgresqlIndex()
ON_POSTGRESQL = {
    "chunks": (QUERIES["chunks"], {"ix_chunk_id"}),
    "text equals": (
        INDEX.finding(_PUBLISHED, [Condition("venue", Operator.EQUALS, "V7")], ""),
        {"document_words_terms"},
    ),
    "list contains": (
        INDEX.finding(_PUBLISHED, [Condition("tags", Operator.CONTAINS, "t7")], ""),
        {"document_words_terms"},
    ),
    "number at least": (INDEX.finding(_PUBLISHED, [Condition("n", Operator.AT_LEAST, 4990)], ""), {"doc_term_number"}),
    "text at most": (INDEX.finding(_PUBLISHED, [Condition("venue", Operator.AT_MOST, "V0")], ""), {"doc_term_text"}),
    "words": (
        INDEX.by_origin(INDEX.finding(_PUBLISHED, [], "rare7 common")),
        {"document_words_words", "document_words_more"},
    ),
    "words and conditions": (
        INDEX.finding(_PUBLISHED, [Condition("venue", Operator.AT_LEAST, "V0")], "rare7"),
        {"document_words_words"},
    ),
    "beginning": (INDEX.by_origin(_PUBLISHED.where(INDEX.beginning("folder/0012"))), {"document_origin"}),
    "in order": (INDEX.by_origin(_PUBLISHED.limit(20)), {"document_origin"}),
    "original": (select(document.c.id).where(document.c.content_hash.in_(["7", "8"])), {"document_content"}),
}


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_scans_a_table_of_sqlite(tmp_path, name):
    statement = QUERIES[name].compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    with open_database(f"sqlite:///{tmp_path}/janus.db") as database, database.read() as connection:
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
    assert plan
    assert [line for line in plan if line.startswith("SCAN")] == []


def test_every_query_uses_its_index_on_postgresql(postgresql_url):
    with open_database(postgresql_url) as database:
        with database.write() as connection:
            _many(connection)
        with database.bare() as connection:
            connection.execute(text("VACUUM ANALYZE"))
        for name, (query, indexes) in ON_POSTGRESQL.items():
            with database.read() as connection:
                event.listen(connection, "before_cursor_execute", _explained, retval=True)
                plan = json.dumps(connection.execute(query).scalar())
            used = set(re.findall(r'"Index Name": "([^"]+)"', plan))
            scanned = set(re.findall(r'"Seq Scan".*?"Relation Name": "([^"]+)"', plan))
            assert indexes <= used, (name, plan)
            assert not scanned & {"document", "document_words", "doc_term", "chunk"}, (name, plan)


def _explained(_connection, _cursor, statement, parameters, _context, _many) -> tuple[str, object]:
    return f"EXPLAIN (FORMAT JSON) {statement}", parameters


def _many(connection, count: int = 5000) -> None:
    """Rows as publishing makes them, without the work of it."""
    choose = random.Random(0)
    for statement in (
        (
            "INSERT INTO version (number, id, document_id, characters, pages)"
            f" SELECT n, 'v' || n, 'd' || n, 10, '[]' FROM generate_series(1, {count}) n"
        ),
        (
            "INSERT INTO chunk SELECT n, o, md5(n || '/' || o), 0, 10, 1, '' FROM"
            f" generate_series(1, {count}) n, generate_series(1, 3) o"
        ),
        f"INSERT INTO text_block SELECT n, 0, 'x' FROM generate_series(1, {count}) n",
        (
            "INSERT INTO document (number, id, version, collection, origin, title, media_type, content_hash, characters, chunks,"
            " pages, metadata, ingested_at) SELECT n, 'd' || n, n, 'default', 'folder/' || lpad(n::text, 6, '0'), 't', 'm',"
            f" n::text, 10, 3, 1, '{{}}', 1.0 FROM generate_series(1, {count}) n"
        ),
        (
            "INSERT INTO document_words SELECT n, jsonb_build_object('n', n, 'venue', 'V' || mod(n, 500), 'tags',"
            " jsonb_build_array('t' || mod(n, 500))), CAST('''common'':1 ''rare' || mod(n, 500) || ''':2' AS tsvector)"
            f" FROM generate_series(1, {count}) n"
        ),
        f"INSERT INTO doc_term SELECT n, 'n', false, 'number', NULL, n FROM generate_series(1, {count}) n",
        (
            "INSERT INTO doc_term SELECT n, 'venue', false, 'text', 'V' || mod(n, 500), NULL"
            f" FROM generate_series(1, {count}) n"
        ),
    ):
        connection.execute(text(statement.replace(":", "\\:")))
    connection.exec_driver_sql(
        "UPDATE document_words SET more = ARRAY['many'] WHERE document = %s", (choose.randint(1, count),)
    )
