"""How long does a document take to be found by conditions and words: PostgreSQL, SQLite, and bare psycopg beside them.

    python benchmarks/document_store.py [--documents 100000] [--queries 200] [--url postgresql://USER:PASSWORD@HOST:PORT/DB]

Documents have a year, a venue, tags and 40 words of a vocabulary as uneven as a language's. Each query asks for two conditions
and two words; every side is asked the same one after another. Each plan that PostgreSQL makes for the first queries must
use the indexes of terms and of words. Without --url, a server of its own is started. --url names an empty database.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import numpy as np
import psycopg
from sqlalchemy import event, text
from sqlalchemy.engine import Engine as SqlEngine

from janus_lab.adapters.documents.store import open_documents
from janus_lab.adapters.relational.database import connected
from janus_lab.ports.documents import DocumentStore
from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Document, ParsedDocument
from janus_lab.values.filter import Condition, Operator
from janus_lab.values.ids import content_id
from janus_lab.values.version import Version

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

WORDS, VENUES, TAGS = 40, 40, 200
VOCABULARY = 20_000
BATCH, LIMIT, EXPLAINED = 2000, 10, 20
TARGET_MS = 20.0
NEEDED = {"document_words_terms", "document_words_words"}
BARE = """
SELECT d.id, d.origin, d.title, d.metadata, v.id FROM document_words w JOIN document d ON d.number = w.document
JOIN version v ON v.number = d.version
WHERE d.collection = 'made' AND w.terms @> %s::jsonb AND w.words @@ %s::tsquery
ORDER BY ts_rank('{0.25, 0.25, 0.25, 1.0}', w.words, %s::tsquery, 1) DESC, d.origin LIMIT %s
"""

Query = tuple[list[Condition], list[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--url", help="an empty database of a running server")
    arguments = parser.parse_args()
    with ExitStack() as resources:
        url = resources.enter_context(server(arguments.url))
        folder = resources.enter_context(TemporaryDirectory(ignore_cleanup_errors=True))
        with open_documents(url) as ours, open_documents(f"sqlite:///{folder}/janus.db") as embedded:
            for name, store in (("PostgreSQL", ours), ("SQLite", embedded)):
                started = time.perf_counter()
                fill(store, arguments.documents)
                print(f"{name}: {arguments.documents / (time.perf_counter() - started):,.0f} documents/s written")
            settle(url)
            made = [query(n) for n in range(arguments.queries + EXPLAINED)]
            check_plans(ours, made[:EXPLAINED])
            with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as bare:
                measure({"PostgreSQL": asking(ours), "psycopg": bare_asking(bare), "SQLite": asking(embedded)}, made)


@contextmanager
def server(url: str | None) -> Iterator[str]:
    if url is not None:
        yield url
        return
    from native_stack import postgresql
    from native_stack.engine import Engine

    folder = Path(mkdtemp(prefix="janus-benchmark-"))
    folder.chmod(0o711)
    try:
        with Engine(postgresql, folder) as engine:
            yield engine.url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def vocabulary() -> list[str]:
    choose = random.Random(0)
    return ["".join(choose.choices("bcdfglmnprst", k=2)) + f"a{n:x}" for n in range(VOCABULARY)]


def fill(store: DocumentStore, count: int) -> None:
    choose, words = np.random.default_rng(0), np.array(vocabulary())
    for first in range(0, count, BATCH):
        chosen = (choose.zipf(1.2, size=(min(BATCH, count - first), WORDS)) - 1) % VOCABULARY
        versions = [version(first + n, " ".join(words[row]), choose) for n, row in enumerate(chosen)]
        store.stage(versions)
        store.publish([v.document for v in versions])


def version(n: int, content: str, choose: np.random.Generator) -> Version:
    document_id, version_id = content_id("document", str(n)), content_id("version", str(n))
    year, venue, *tags = (int(x) for x in choose.integers(0, [30, VENUES, TAGS, TAGS, TAGS]))
    metadata = {"year": 1995 + year, "venue": f"venue {venue}", "tags": [f"tag {t}" for t in tags], "author": {"n": n}}
    document = Document(
        document_id, "made", f"folder/{n:07}.txt", f"About {content[:20]}", "text/plain", "0" * 64, version_id,
        len(content), 1, 1, metadata, 1.0,
    )  # fmt: skip
    chunk = Chunk(content_id("chunk", str(n)), document_id, version_id, 0, 0, len(content), 1, "", content)
    return Version(document, ParsedDocument(content, document.title, "text/plain"), (chunk,))


def settle(url: str) -> None:
    """What the server does by itself a minute later."""
    with connected(url) as database, database.bare() as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))


def query(n: int) -> Query:
    choose, words = random.Random(n), vocabulary()
    where = [
        Condition("year", Operator.EQUALS, 1995 + choose.randrange(30)),
        Condition("tags", Operator.CONTAINS, f"tag {choose.randrange(TAGS)}")
        if n % 2
        else Condition("venue", Operator.EQUALS, f"venue {choose.randrange(VENUES)}"),
    ]
    return where, [words[choose.randrange(5)], words[choose.randrange(5, 50)]]


def asking(store: DocumentStore) -> Callable[[Query], int]:
    return lambda q: len(store.find("made", where=q[0], words=" ".join(q[1]), limit=LIMIT))


def bare_asking(connection: psycopg.Connection[Any]) -> Callable[[Query], int]:
    def ask(q: Query) -> int:
        terms: dict[str, Any] = {c.path: [c.value] if c.operator is Operator.CONTAINS else c.value for c in q[0]}
        wanted = " & ".join(f"'{word}'" for word in q[1])
        return len(connection.execute(BARE, (json.dumps(terms), wanted, wanted, LIMIT)).fetchall())

    return ask


def check_plans(store: DocumentStore, queries: list[Query]) -> None:
    """Ask for the plan instead of the answer. Ends the benchmark unless terms and words are both looked up."""
    plans: list[str] = []

    def explained(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().startswith("SELECT document"):
            cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            plans.append(json.dumps(cursor.fetchone()[0]))

    event.listen(SqlEngine, "before_cursor_execute", explained)
    try:
        for q in queries:
            asking(store)(q)
    finally:
        event.remove(SqlEngine, "before_cursor_execute", explained)
    used = [set(re.findall(r'"Index Name": "([^"]+)"', plan)) for plan in plans]
    scanned = [plan for plan in plans if "Seq Scan" in plan]
    both = sum(indexes >= NEEDED for indexes in used)
    print(
        f"plans: {len(plans)}, with both indexes {both}, with one {sum(bool(u & NEEDED) for u in used) - both}, scans 0"
    )
    if not plans or scanned or not all(indexes & NEEDED for indexes in used):
        sys.exit(f"a plan does without the indexes: {(scanned or plans)[:1]}")


def measure(sides: dict[str, Callable[[Query], int]], queries: list[Query]) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number, q in enumerate(queries):
        found = {}
        for name, ask in sides.items():
            started = time.perf_counter()
            found[name] = ask(q)
            if number >= EXPLAINED:
                seconds[name].append(time.perf_counter() - started)
        if len(set(found.values())) != 1:
            sys.exit(f"the sides find unlike numbers of documents for {q}: {found}")
    middle = {name: float(np.median(s)) * 1000 for name, s in seconds.items()}
    for name, s in seconds.items():
        ratio = middle[name] / middle["psycopg"]
        print(f"{name}: p50 {middle[name]:.1f} ms, p95 {np.percentile(s, 95) * 1000:.1f} ms, {ratio:.2f}x psycopg")
    verdict = "reached" if middle["PostgreSQL"] < TARGET_MS else "missed"
    print(f"target of {TARGET_MS:.0f} ms on PostgreSQL: {verdict}")


if __name__ == "__main__":
    main()
