"""Full-text search over titles and texts with SQLite's FTS5.

The index keeps no text of its own, so taking a document out needs the very words that went in: title and text of the
version that was published.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, bindparam, column, text

from janus_lab.adapters.relational.schema import FULL_TEXT

TOKENIZE = "porter unicode61 remove_diacritics 2"
"""How the index cuts words, strips their accents and stems them; as in the first migration."""

_ADD = text(f"INSERT INTO {FULL_TEXT} (rowid, title, text) VALUES (:number, :title, :text)")  # noqa: S608
_TAKE_OUT = text(
    f"INSERT INTO {FULL_TEXT} ({FULL_TEXT}, rowid, title, text) VALUES ('delete', :number, :title, :text)"  # noqa: S608
)
_RANKED = text(
    f"SELECT rowid AS number, bm25({FULL_TEXT}, 4.0, 1.0) AS rank FROM {FULL_TEXT}"  # noqa: S608
    f" WHERE {FULL_TEXT} MATCH :query"
).bindparams(bindparam("query"))
_WORD = re.compile(r"[^\W_]+")

RANKED = _RANKED.columns(column("number"), column("rank")).subquery("ranked")
"""Document numbers that match the parameter `query`, with their rank: the lower the better, a title counting four times."""


def add(connection: Connection, number: int, title: str, content: str) -> None:
    """Index document `number`."""
    connection.execute(_ADD, {"number": number, "title": clean(title), "text": clean(content)})


def take_out(connection: Connection, number: int, title: str, content: str) -> None:
    """Take document `number` out again, given exactly what was indexed."""
    connection.execute(_TAKE_OUT, {"number": number, "title": clean(title), "text": clean(content)})


def words_in(typed: str) -> list[str]:
    """The words of what a person typed."""
    return _WORD.findall(clean(typed))


def match_expression(words: str) -> str | None:
    """What a person typed, as a query for all of its words and nothing else; None if it holds no word."""
    found = words_in(words)
    return " ".join(f'"{word}"' for word in found) if found else None


def clean(content: str) -> str:
    """A text that every index takes."""
    # A database takes no lone surrogate, and a tokenizer may stop at a NUL.
    return content.encode("utf-8", "replace").decode().replace("\0", " ")
