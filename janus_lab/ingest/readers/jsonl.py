"""JSON Lines: a corpus in one file, one document a line, read line by line."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from janus_lab.ingest.cleaner import clean, clean_line
from janus_lab.ingest.source_file import SourceFile
from janus_lab.values.document import ParsedDocument

_IDS = ("id", "_id", "doc_id", "docid", "document_id")
_TITLES = ("title", "name", "heading")
_TEXTS = ("text", "contents", "content", "body", "abstract", "passage", "paragraph")
_WARNINGS_TOLD = 100


class _BadLine(Exception):
    """A line that makes no document; its message says why."""


def read_jsonl(source: SourceFile) -> Iterator[ParsedDocument]:
    """A document for every line that is a JSON object with a text; other lines become warnings with their numbers.

    The key is the line's `id`, or a hash of its text where it has none, so that it does not depend on the line's place.
    """
    seen: Counter[str] = Counter()
    bad = 0
    for number, line in _lines(source):
        try:
            parsed = _document(line, source)
        except _BadLine as error:
            bad += 1
            if bad <= _WARNINGS_TOLD:
                source.warnings.append(f"line {number}: {error}")
            continue
        if parsed is None:
            continue
        key = parsed.key or ""
        seen[key] += 1
        if seen[key] > 1:
            source.warnings.append(f"line {number}: the id {key!r} was there before; it is kept as {key}~{seen[key]}")
            parsed = _renamed(parsed, f"{key}~{seen[key]}")
        yield parsed
    if bad > _WARNINGS_TOLD:
        source.warnings.append(f"{bad - _WARNINGS_TOLD} more lines could not be used")


def _lines(source: SourceFile) -> Iterator[tuple[int, bytes | None]]:
    """Line numbers from 1 with lines; None for a line that is too long to be held."""
    limit = source.limits.line_bytes
    source.stream.seek(0)
    number = 0
    while line := source.stream.readline(limit + 1):
        number += 1
        if len(line) <= limit:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = source.stream.readline(limit)
        yield number, None


def _document(line: bytes | None, source: SourceFile) -> ParsedDocument | None:
    if line is None:
        raise _BadLine(f"is longer than {source.limits.line_bytes:,} bytes")
    if not line.strip(b" \t\r\n\xef\xbb\xbf"):
        return None
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _BadLine(f"is no JSON ({error})") from error
    if not isinstance(value, dict):
        raise _BadLine("is no JSON object")
    text_field = next((name for name in _TEXTS if isinstance(value.get(name), str)), None)
    text = clean(value[text_field]) if text_field else ""
    if text_field is None or not text.strip():
        raise _BadLine(f"has no text (looked for {', '.join(_TEXTS)})")
    id_field = next((name for name in _IDS if isinstance(value.get(name), (str, int))), None)
    title_field = next((name for name in _TITLES if isinstance(value.get(name), str)), None)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    key = clean_line(str(value[id_field])) if id_field else digest
    title = clean_line(value[title_field]) if title_field else ""
    used = {text_field, id_field, title_field}
    return ParsedDocument(
        text=text,
        title=title or f"{source.stem} {key}",
        media_type="application/jsonl",
        metadata={str(name): _tidy(item) for name, item in value.items() if name not in used},
        key=key or digest,
    )


def _renamed(parsed: ParsedDocument, key: str) -> ParsedDocument:
    return ParsedDocument(
        text=parsed.text, title=parsed.title, media_type=parsed.media_type, metadata=parsed.metadata, key=key
    )


def _tidy(value: Any) -> Any:
    """Metadata as it can be stored: text cleaned at every depth."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _tidy(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_tidy(inner) for inner in value]
    return value
