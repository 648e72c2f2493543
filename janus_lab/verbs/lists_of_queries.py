"""Files of questions and queries (JSONL), and rankings in the TREC run format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from janus_lab.errors import NotFound, UserError
from janus_lab.values.hit import RERANK, SearchResult
from janus_lab.values.path import user_path

TAG = "janus"
_ID_FIELDS = ("id", "_id", "qid", "query_id", "question_id")
_TEXT_FIELDS = ("question", "query", "text")
_BLANK = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Query:
    """One line of a list: its id and its words."""

    id: str
    text: str


def read_queries(file: str) -> list[Query]:
    """Queries of a JSONL file, one object a line: an id (`id`, `_id`, `qid`; else the line's number) and `question`, `query` or `text`.

    Raises NotFound, or UserError naming the line that is not so.
    """
    path = user_path(file)
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {file}", remedy="check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} can't be read: {error}", remedy="give a UTF-8 file of JSON lines") from error
    queries = [_read(line, number, file) for number, line in enumerate(lines, start=1) if line.strip()]
    if not queries:
        raise UserError(f"{file} holds no queries", remedy='write one JSON object a line: {"id": "1", "question": "…"}')
    return queries


def _read(line: str, number: int, file: str) -> Query:
    remedy = 'write one JSON object a line: {"id": "1", "question": "…"}'
    try:
        data = json.loads(line)
    except ValueError as error:
        raise UserError(f"{file}, line {number} is not JSON: {error}", remedy=remedy) from error
    fields = data if isinstance(data, dict) else {}
    text = next((fields[name] for name in _TEXT_FIELDS if isinstance(fields.get(name), str)), "")
    if not text.strip():
        raise UserError(f"{file}, line {number} has no question", remedy=remedy)
    return Query(str(next((fields[name] for name in _ID_FIELDS if name in fields), number)), text)


@contextmanager
def open_output(file: str) -> Iterator[IO[str]]:
    """A text file to write results to. Raises UserError if it can't be written."""
    path = user_path(file)
    try:
        stream = path.open("w", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{file} can't be written: {error.strerror}", remedy="choose another place") from error
    with stream:
        yield stream


def trec_lines(query_id: str, result: SearchResult, limit: int) -> list[str]:
    """A result as TREC lines `qid Q0 docid rank score tag`: one a document, by its best chunk, at most `limit`.

    The docid is the document's key, or else its origin; white space in either becomes `%20`, since the format splits at it. Readers
    of the format sort by score, so where a reranker decided it is one over the rank.
    """
    lines: list[str] = []
    seen: set[str] = set()
    reranked = any(hit.score_of(RERANK) is not None for hit in result.hits)
    for hit in result.hits:
        name = hit.key or hit.origin
        if name in seen:
            continue
        seen.add(name)
        docid = _BLANK.sub("%20", name)
        lines.append(
            f"{_BLANK.sub('%20', query_id)} Q0 {docid} {len(seen)} {1 / hit.rank if reranked else hit.score:.6f} {TAG}"
        )
        if len(seen) == limit:
            break
    return lines
