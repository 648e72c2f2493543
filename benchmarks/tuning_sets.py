"""Sets of documents and questions on disk, read and ingested for the benchmarks beside this file.

A set is a folder with `corpus.jsonl` (id, title, text) and `queries.jsonl` (id, question, answers, gold: ids of documents).
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from janus_lab import Lab, open_lab
from janus_lab.compose.admitting import open_lone_admission
from janus_lab.compose.models import open_models
from janus_lab.inference.chain import Speakers
from janus_lab.inference.embedding import Embedder
from janus_lab.ports.documents import DocumentStore
from janus_lab.ports.embedding import EmbeddingCache
from janus_lab.ports.index_generations import VectorIndex
from janus_lab.schemes import factory
from janus_lab.settings import load_settings

NO_MODEL = ""
"""A generation model that there is not: answers are then the documents' own sentences."""


@dataclass(frozen=True)
class Query:
    """A question, its accepted answers, and the documents that hold the answer."""

    id: str
    question: str
    answers: tuple[str, ...]
    gold: frozenset[str]


def sets_in(data: Path, names: list[str]) -> list[Path]:
    """The folders of the named sets, or of every set in `data`, or `data` itself if it is one."""
    if (data / "corpus.jsonl").is_file():
        return [data]
    return sorted(f.parent for f in data.glob("*/corpus.jsonl") if not names or f.parent.name in names)


def read_queries(folder: Path) -> list[Query]:
    """The questions of a set."""
    lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Query(str(q["id"]), q["question"], tuple(map(str, q.get("answers", ()))), frozenset(map(str, q["gold"])))
        for q in map(json.loads, lines)
    ]


def read_titles(folder: Path) -> dict[str, str]:
    """Titles by document id."""
    lines = (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    return {str(d["id"]): d["title"] for d in map(json.loads, lines)}


def read_texts(folder: Path) -> dict[str, str]:
    """Whole documents by id, the title first."""
    lines = (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    return {str(d["id"]): f"{d['title']}\n{d['text']}" for d in map(json.loads, lines)}


@contextmanager
def ingested(folders: list[Path], home: Path | None, *, collection: str = "default", **settings: str) -> Iterator[Lab]:
    """A lab that holds the sets in one collection, in `home` (kept, and not ingested again) or a temporary folder."""
    with (
        TemporaryDirectory(ignore_cleanup_errors=True) as temporary,
        open_lab(home or temporary, inline=True, **settings) as lab,
    ):
        for folder in folders:
            lab.ingest(folder / "corpus.jsonl", collection=collection)
        yield lab


@dataclass(frozen=True)
class Stores:
    """What search and answers stand on, opened without a lab around it."""

    documents: DocumentStore
    vectors: VectorIndex
    cache: EmbeddingCache
    embedder: Embedder
    speakers: Speakers
    collection: str


@contextmanager
def opened(home: Path) -> Iterator[Stores]:
    """The stores and the embedding model of a data directory that no lab has open."""
    settings = load_settings(home)
    with ExitStack() as stack:

        def opened_port(port: str, name: str) -> Any:
            return stack.enter_context(factory(port, settings.url(name))(settings.url(name)))

        cache = opened_port("embedding cache", "relational_url")
        models = stack.enter_context(
            open_models(
                settings,
                open_lone_admission(settings, stack),
                cache=cache,
                registry=opened_port("model registry", "relational_url"),
                measurements=opened_port("measurements", "relational_url"),
            )
        )
        yield Stores(
            opened_port("documents", "relational_url"),
            opened_port("vectors", "vectors_url"),
            cache,
            models.embedder(),
            models.speakers(),
            settings.collection,
        )


def normalised(text: str) -> str:
    """Lower case, without punctuation, articles and repeated blanks, as answers are usually compared."""
    bare = "".join(c for c in text.lower() if c not in string.punctuation and c not in "“”‘’")
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


def holds_answer(text: str, answers: tuple[str, ...]) -> bool:
    """Whether any accepted answer stands in the text, word for word."""
    within = f" {normalised(text)} "
    return any(f" {normalised(a)} " in within for a in answers if normalised(a))
