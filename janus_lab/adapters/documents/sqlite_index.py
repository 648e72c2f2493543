"""Terms in rows and words in FTS5, on SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, insert

from janus_lab.adapters.documents import full_text
from janus_lab.adapters.documents.search_index import Entry
from janus_lab.adapters.documents.terms import meets, term_rows
from janus_lab.adapters.relational.prefix import LAST
from janus_lab.adapters.relational.schema import doc_term, document
from janus_lab.values.filter import Condition


class SqliteIndex:
    """Conditions are look-ups in `doc_term`; words are FTS5's, which keeps no text of its own."""

    def add(self, connection: Connection, entries: Iterable[Entry]) -> None:
        """Index documents, one after another."""
        for entry in entries:
            self._add_terms(connection, entry)
            full_text.add(connection, entry.number, entry.title, entry.text())

    def change_terms(self, connection: Connection, entry: Entry) -> None:
        """Replace its terms."""
        connection.execute(delete(doc_term).where(doc_term.c.document == entry.number))
        self._add_terms(connection, entry)

    def change_words(self, connection: Connection, before: Entry, entry: Entry) -> None:
        """Take the old words out and put the new ones in."""
        self.take_out(connection, before)
        full_text.add(connection, entry.number, entry.title, entry.text())

    def take_out(self, connection: Connection, entry: Entry) -> None:
        """Take its words out; its terms go with its row."""
        full_text.take_out(connection, entry.number, entry.title, entry.text())

    def finding(self, query: Select[Any], conditions: Sequence[Condition], words: str) -> Select[Any] | None:
        """Each condition a look-up of its own; words by BM25."""
        found = query.where(*(meets(condition) for condition in conditions))
        if not words.strip():
            return found
        expression = full_text.match_expression(words)
        if expression is None:
            return None
        ranked = full_text.RANKED
        matching = found.join(ranked, ranked.c.number == document.c.number).order_by(ranked.c.rank)
        return matching.params(query=expression)

    def beginning(self, prefix: str) -> ColumnElement[bool]:
        """A range, because that is what an index on origins answers."""
        return and_(document.c.origin >= prefix, document.c.origin < prefix + LAST)

    def by_origin(self, query: Select[Any]) -> Select[Any]:
        """By the very origin."""
        return query.order_by(document.c.origin, document.c.number)

    def _add_terms(self, connection: Connection, entry: Entry) -> None:
        if terms := list(term_rows(entry.number, entry.metadata)):
            connection.execute(insert(doc_term), terms)
