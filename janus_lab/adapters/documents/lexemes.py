"""A text's words as SQLite's full-text index cuts and stems them, for an index elsewhere that is to find the same.

SQLite itself does it, in memory: two tokenizers never agree about every language's letters, marks and endings.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator

from janus_lab.adapters.documents.full_text import TOKENIZE, clean
from janus_lab.adapters.relational.bounded import bounded

_LONGEST = 200
_SCHEMA = f"""
CREATE VIRTUAL TABLE words USING fts5(title, text, content='', tokenize='{TOKENIZE}');
CREATE VIRTUAL TABLE listed USING fts5vocab(words, instance);
"""
_local = threading.local()

Lexeme = tuple[str, bool, int]


def lexemes(title: str, content: str) -> list[Lexeme]:
    """Every word: its stem, whether it stands in the title, and its place there or in the text, from 0."""
    connection = _connection()
    connection.execute("INSERT INTO words (rowid, title, text) VALUES (1, ?, ?)", (clean(title), clean(content)))
    try:
        rows = connection.execute("SELECT term, col = 'title', \"offset\" FROM listed")
        return [
            (term if len(term) <= _LONGEST else bounded(term, _LONGEST), in_title == 1, place)
            for term, in_title, place in rows
        ]
    finally:
        connection.execute("INSERT INTO words (words) VALUES ('delete-all')")


def stems(words: Iterable[str]) -> Iterator[str]:
    """The stem of each word, once; a word that is several to the tokenizer gives them all."""
    return iter(dict.fromkeys(stem for stem, _, _ in lexemes("", " ".join(words))))


def _connection() -> sqlite3.Connection:
    """One for each thread: it is emptied after each text."""
    connection: sqlite3.Connection | None = getattr(_local, "connection", None)
    if connection is None:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.executescript(_SCHEMA)
        _local.connection = connection
    return connection
