"""Documents on SQLite: texts kept once, publishing whole or not at all, everything gone after removal."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from janus_lab.adapters.documents.store import open_documents
from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Box, Document, Page, ParsedDocument
from janus_lab.values.ids import content_id
from janus_lab.values.version import Version

KILLED = """
import os, signal, sys
from janus_lab.adapters.documents import full_text
from janus_lab.adapters.documents.store import open_documents
indexed = []
add = full_text.add
def dying(connection, number, title, content):
    add(connection, number, title, content)
    indexed.append(number)
    if len(indexed) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
full_text.add = dying
sys.path.insert(0, sys.argv[2])
from test_store import version
with open_documents(sys.argv[1]) as store:
    versions = [version(n) for n in range(5)]
    store.stage(versions)
    store.publish([v.document for v in versions])
"""
TABLES = ("version", "text_block", "chunk", "document", "doc_term")


def version(n: int, words: int = 200) -> Version:
    rng = random.Random(n)
    text = " ".join("".join(rng.choices("abcdefgh", k=6)) for _ in range(words)) + f" word{n}"
    document_id, version_id = content_id("document", "default", str(n)), content_id("version", str(n))
    spans = [(a, min(a + 1000, len(text))) for a in range(0, len(text), 900)]
    chunks = tuple(
        Chunk(content_id("chunk", str(n), str(k)), document_id, version_id, k, a, b, 1, "", text[a:b])
        for k, (a, b) in enumerate(spans)
    )
    document = Document(
        document_id, "default", f"{n}.txt", f"Title {n}", "text/plain", "0" * 64, version_id, len(text), len(chunks), 1,
        {"n": n, "tags": ["x"]}, 1.0,
    )  # fmt: skip
    parsed = ParsedDocument(text, document.title, "text/plain", (Page(1, 0, len(text)),), (Box(1, 0, 9, 0, 0, 9, 9),))
    return Version(document, parsed, chunks)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/ein Ordner/janus.db"


def rows(url: str) -> dict[str, int]:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    try:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}
    finally:
        connection.close()


@pytest.mark.fault
def test_a_kill_while_publishing_publishes_nothing_and_keeps_what_was_staged(url):
    done = subprocess.run([sys.executable, "-c", KILLED, url, str(Path(__file__).parent)], check=False)
    assert done.returncode == -signal.SIGKILL
    with open_documents(url) as store:
        assert store.find() == store.find(words="title") == []
        versions = [version(n) for n in range(5)]
        store.publish([v.document for v in versions])
        assert len(store.find(words="title")) == 5


def test_removal_leaves_no_row_and_no_word(url):
    with open_documents(url) as store:
        versions = [version(n) for n in range(20)]
        store.stage(versions)
        store.publish([v.document for v in versions])
        assert all(rows(url).values())
        assert store.remove([v.document.id for v in versions]) == 20
        assert set(rows(url).values()) == {0}
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'document_words', 'row')")
        left = connection.execute("SELECT term FROM words").fetchall()
        connection.close()
    assert left == []


def test_a_text_is_kept_about_once(url):
    v = version(1, words=100_000)
    with open_documents(url) as store:
        store.stage([v])
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    (kept,) = connection.execute("SELECT sum(length(text)) FROM text_block").fetchone()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.close()
    assert kept < len(v.parsed.text)
    assert pages * 4096 < 1.5 * len(v.parsed.text)
