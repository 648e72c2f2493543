"""What finds documents: by the terms of their metadata, by words, by origin. Each dialect has its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Select

from janus_lab.values.filter import Condition


@dataclass(frozen=True, slots=True)
class Entry:
    """What is indexed of a document; `text` fetches its text, for an index that needs it."""

    number: int
    title: str
    metadata: Mapping[str, Any]
    text: Callable[[], str]


class SearchIndex(Protocol):
    """The index of one dialect over the `document` table."""

    def add(self, connection: Connection, entries: Iterable[Entry]) -> None:
        """Index documents that are not in the index."""
        ...

    def change_terms(self, connection: Connection, entry: Entry) -> None:
        """The document has other metadata now."""
        ...

    def change_words(self, connection: Connection, before: Entry, entry: Entry) -> None:
        """The document has another title or text now; `before` is what was indexed."""
        ...

    def take_out(self, connection: Connection, entry: Entry) -> None:
        """Take a document out, given what was indexed, before its row is deleted."""
        ...

    def finding(self, query: Select[Any], conditions: Sequence[Condition], words: str) -> Select[Any] | None:
        """Of the documents of a query over the `document` table, those that meet every condition and have all of the words.

        With words (any text but blanks) they come best first; None where there is no word among them.
        """
        ...

    def beginning(self, prefix: str) -> ColumnElement[bool]:
        """A clause: whether a document's origin begins so."""
        ...

    def by_origin(self, query: Select[Any]) -> Select[Any]:
        """The query, in order of origin after whatever order it has."""
        ...
