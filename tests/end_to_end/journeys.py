"""One journey through a lab, told in terms that are the same in every deployment: ids, rankings, quotes, answers."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from janus_lab import Lab

# Read now: the session's home is nobody's, without any setting of Janus.
_DATA = os.environ.get("JANUS_TEST_DATA", "")
DATA = Path(_DATA) if _DATA else Path(__file__).parents[3] / "shared" / "data"
"""Question sets that the repository does not hold: `NAME/corpus.jsonl` and `NAME/queries.jsonl`."""
TOP = 10
CLEAN = dict.fromkeys(("orphan_vectors", "missing_vectors", "orphan_objects", "missing_objects"), 0)


@dataclass(frozen=True)
class Corpus:
    """A folder to ingest, and what to ask of it."""

    folder: Path
    queries: Sequence[str]
    questions: Sequence[str]


def sample_corpus(samples: Path, project: Path) -> Corpus:
    """A copy of the sample corpus in a project."""
    folder = project / "corpus"
    shutil.copytree(samples / "corpus", folder)
    lines = (samples / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    return Corpus(folder, questions, questions[:4])


def cranfield(project: Path, *, documents: int = 400, files: int = 8) -> Corpus | None:
    """Abstracts on aerodynamics in several files, and queries; None where the set is not there."""
    source = DATA / "cranfield"
    if not source.is_dir():
        return None
    lines = (source / "corpus.jsonl").read_text(encoding="utf-8").splitlines()[:documents]
    folder = project / "cranfield"
    folder.mkdir()
    for number in range(files):
        (folder / f"part-{number}.jsonl").write_text("\n".join(lines[number::files]) + "\n", encoding="utf-8")
    queries = [json.loads(line) for line in (source / "queries.jsonl").read_text(encoding="utf-8").splitlines()[:25]]
    texts = [query["question"] for query in queries]
    return Corpus(folder, texts, texts[:1])


def contents(lab: Lab) -> dict[str, Any]:
    """Every document with its version and chunks, and how the stores agree."""
    documents = lab.documents(limit=100_000)
    chunk_ids = lab._documents.chunk_ids([document.id for document in documents])
    report = lab.check()
    return {
        "documents": {d.origin: (d.id, d.version_id, d.content_hash, d.title, d.pages) for d in documents},
        "chunks": {d.origin: chunk_ids[d.id] for d in documents},
        "agreement": {name: report[name] for name in CLEAN},
    }


def found(lab: Lab, corpus: Corpus) -> list[list[str]]:
    """Ids of the best chunks for each query, in order."""
    return [[hit.chunk.id for hit in result.hits] for result in lab.search_many(corpus.queries, limit=TOP)]


def answered(lab: Lab, corpus: Corpus) -> list[Any]:
    """Each answer with its citations."""
    answers = [lab.ask(question) for question in corpus.questions]
    return [
        (a.outcome, a.text, [(c.document_id, c.version_id, c.start, c.end, c.quote) for c in a.citations])
        for a in answers
    ]


def journey(lab: Lab, corpus: Corpus) -> dict[str, Any]:
    """Ingest, search, ask, edit, ingest again, remove; and what there was at every halt."""
    report = lab.ingest(corpus.folder)
    halts: dict[str, Any] = {
        "report": (report.added, report.flagged, report.failed, report.documents, report.chunks, report.embedded),
        "ingested": contents(lab),
        "found": found(lab, corpus),
        "answered": answered(lab, corpus),
        "again": lab.ingest(corpus.folder).unchanged,
    }
    _edit(min(path for path in corpus.folder.iterdir() if path.suffix in (".txt", ".jsonl")))
    report = lab.ingest(corpus.folder)
    halts["edit"] = (report.added, report.changed, report.unchanged, report.embedded)
    halts["edited"] = contents(lab)
    halts["found after the edit"] = found(lab, corpus)
    first = min(halts["edited"]["documents"])
    halts["removed"] = lab.remove(halts["edited"]["documents"][first][0])
    halts["left"] = contents(lab)
    halts["found at last"] = found(lab, corpus)
    return halts


def _edit(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    if path.suffix == ".jsonl":
        first = json.loads(lines[0])
        lines[0] = json.dumps({**first, "text": first["text"] + " A pump was added to the tunnel."})
    else:
        lines.append("A pump was added to the tunnel.")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
