"""Terms in JSONB and words in a tsvector, each under a GIN index, on PostgreSQL."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from sqlalchemy import (
    REAL,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    not_,
    or_,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSQUERY, TSVECTOR

from janus_lab.adapters.documents import full_text
from janus_lab.adapters.documents.lexemes import lexemes, stems
from janus_lab.adapters.documents.search_index import Entry
from janus_lab.adapters.documents.terms import LONGEST, as_float, looked_up, term_rows
from janus_lab.adapters.documents.word_vector import all_of, word_vector
from janus_lab.adapters.relational.bounded import bounded
from janus_lab.adapters.relational.column_types import escaped
from janus_lab.adapters.relational.prefix import LAST
from janus_lab.adapters.relational.schema import FULL_TEXT, doc_term, document
from janus_lab.values.filter import Condition, Operator
from janus_lab.values.metadata import Scalar, flat_metadata

words_table = Table(
    FULL_TEXT,
    MetaData(),
    Column("document", BigInteger, primary_key=True),
    Column("terms", JSONB, nullable=False),
    Column("words", TSVECTOR, nullable=False),
    Column("more", ARRAY(Text)),
)
"""One row a document: its metadata by path, its words, and all lexemes of one that has too many for `words`."""

# One statement for all of them, planned once.
_ADD_ROWS = text(
    f"INSERT INTO {FULL_TEXT} (document, terms, words) SELECT number, terms::jsonb, words::tsvector"  # noqa: S608
    " FROM unnest(:numbers, :terms, :words) AS added (number, terms, words)"
).bindparams(
    bindparam("numbers", type_=ARRAY(BigInteger)),
    bindparam("terms", type_=ARRAY(Text)),
    bindparam("words", type_=ARRAY(Text)),
)

# A word in the title counts four times, as on SQLite; rank is divided by 1 + the logarithm of the length.
_WEIGHTS = [0.25, 0.25, 0.25, 1.0]
_BY_LENGTH = 1
# As the index on origins has them.
_BEGINNING = 500
_FAR = 10**400
_AT_ONCE = 50


class PostgresqlIndex:
    """Equality and containment are JSONB's, ranges are look-ups in `doc_term`, words are lexemes cut as SQLite cuts them."""

    def add(self, connection: Connection, entries: Iterable[Entry]) -> None:
        """Index documents, some at once."""
        remaining = iter(entries)
        while some := list(islice(remaining, _AT_ONCE)):
            rows = [{"document": e.number, "terms": terms(e.metadata), **_words(e)} for e in some]
            self._add_rows(connection, [row for row in rows if row["more"] is None])
            if long := [row for row in rows if row["more"] is not None]:
                connection.execute(insert(words_table), long)
            self._add_ranges(connection, some)

    def change_terms(self, connection: Connection, entry: Entry) -> None:
        """Replace its terms."""
        self._update(connection, entry, {"terms": terms(entry.metadata)})
        connection.execute(delete(doc_term).where(doc_term.c.document == entry.number))
        self._add_ranges(connection, [entry])

    def change_words(self, connection: Connection, before: Entry, entry: Entry) -> None:  # noqa: ARG002 - of the protocol
        """Replace its words."""
        self._update(connection, entry, _words(entry))

    def take_out(self, connection: Connection, entry: Entry) -> None:
        """Nothing: everything goes with its row."""

    def finding(self, query: Select[Any], conditions: Sequence[Condition], words: str) -> Select[Any] | None:
        """Conditions and words are looked up in one row, so that their indexes work together."""
        if not conditions and not words.strip():
            return query
        found = query.join(words_table, words_table.c.document == document.c.number).where(*map(_meets, conditions))
        if not words.strip():
            return found
        wanted = list(stems(full_text.words_in(words)))
        if not wanted:
            return None
        asked = literal(all_of(wanted), TSQUERY)
        rank = func.ts_rank(cast(_WEIGHTS, ARRAY(REAL)), words_table.c.words, asked, _BY_LENGTH)
        has_all = or_(words_table.c.words.op("@@")(asked), words_table.c.more.contains(wanted))
        return found.where(has_all).order_by(rank.desc())

    def beginning(self, prefix: str) -> ColumnElement[bool]:
        """A range of beginnings, for the index, and of the very origins."""
        last = prefix + LAST
        begins = func.left(document.c.origin, _BEGINNING)
        return and_(
            begins >= prefix[:_BEGINNING],
            begins <= last[:_BEGINNING],
            document.c.origin >= prefix,
            document.c.origin < last,
        )

    def by_origin(self, query: Select[Any]) -> Select[Any]:
        """By the beginning first, as the index has it: that changes nothing about the order."""
        return query.order_by(func.left(document.c.origin, _BEGINNING), document.c.origin, document.c.number)

    def _update(self, connection: Connection, entry: Entry, values: Mapping[str, Any]) -> None:
        connection.execute(update(words_table).where(words_table.c.document == entry.number).values(values))

    def _add_rows(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            columns = {
                "numbers": [row["document"] for row in rows],
                "terms": [json.dumps(row["terms"]) for row in rows],
                "words": [row["words"] for row in rows],
            }
            connection.execute(_ADD_ROWS, columns)

    def _add_ranges(self, connection: Connection, entries: Sequence[Entry]) -> None:
        found = chain.from_iterable(term_rows(e.number, e.metadata) for e in entries)
        rows = [{**row, "path": bounded(row["path"], LONGEST)} for row in found]
        if ordered := [row for row in rows if not row["many"] and not _nan(row["number"])]:
            connection.execute(insert(doc_term), ordered)


def terms(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata by path, as JSONB can hold it and conditions ask for it."""
    flat = flat_metadata(metadata)
    return {
        _path(path): [_term(v) for v in value if not _nan(v)] if isinstance(value, list) else _term(value)
        for path, value in flat.items()
        if isinstance(value, list) or not _nan(value)
    }


def _meets(condition: Condition) -> ColumnElement[bool]:
    unlike = condition.operator is Operator.NOT_EQUALS
    if _nan(condition.value):
        return literal(unlike)
    if condition.operator in (Operator.AT_LEAST, Operator.AT_MOST):
        held = looked_up(Condition(bounded(condition.path, LONGEST), condition.operator, condition.value))
        return words_table.c.document.in_(held)
    value = _term(condition.value)
    term = {_path(condition.path): [value] if condition.operator is Operator.CONTAINS else value}
    return not_(words_table.c.terms.contains(term)) if unlike else words_table.c.terms.contains(term)


def _path(path: str) -> str:
    return escaped(bounded(path, LONGEST))


def _term(value: Scalar) -> Scalar:
    if isinstance(value, str):
        return escaped(bounded(value, LONGEST))
    if isinstance(value, bool):
        return value
    number = as_float(value)
    # JSON has no infinity; this number is as far from every other.
    return int(math.copysign(1, number)) * _FAR if math.isinf(number) else number


def _nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _words(entry: Entry) -> dict[str, Any]:
    vector = word_vector(lexemes(entry.title, entry.text()))
    return {"words": vector.words, "more": list(vector.more) if vector.more is not None else None}
