"""Markdown: kept as it is written; headings make sections, front matter makes metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from janus_lab.ingest.cleaner import clean, clean_line
from janus_lab.ingest.decoding import decode
from janus_lab.ingest.draft import sections_from, too_much_text
from janus_lab.ingest.source_file import SourceFile
from janus_lab.values.document import ParsedDocument

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_FIELD = re.compile(r"([\w][\w .-]*?):(?:[ \t]+(.*))?$")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)$")
_MARKUP = re.compile(r"[*_`]+|!?\[([^\]]*)\]\([^)]*\)|\{#[^}]*\}")

Headings = list[tuple[int, int, str]]


def read_markdown(source: SourceFile) -> Iterator[ParsedDocument]:
    """One document; its title is the front matter's, else the first heading's, else the file's name."""
    decoded, _ = decode(source.data(), source.charset)
    text = clean(decoded)
    if len(text) > source.limits.text_characters:
        raise too_much_text(source.limits.text_characters)
    metadata, body = front_matter(text)
    headings = find_headings(body)
    title = metadata.get("title") or next((name for _, _, name in headings if name), "") or source.stem
    yield ParsedDocument(
        text=body,
        title=clean_line(str(title)),
        media_type="text/markdown",
        sections=sections_from(headings, len(body)),
        metadata=metadata,
    )


def find_headings(text: str, offset: int = 0) -> Headings:
    """Headings as (start, level, title), those in fenced code left out; `offset` is added to every start."""
    found: Headings = []
    fence, position, previous = "", 0, ""
    for line in text.split("\n"):
        if fence:
            closing = _FENCE.match(line)
            if closing and closing.group(1).startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            previous = ""
        elif opening := _FENCE.match(line):
            fence, previous = opening.group(1), ""
        elif atx := _ATX.match(line):
            found.append((offset + position, len(atx.group(1)), _plain(atx.group(2) or "")))
            previous = ""
        elif previous and (underline := _SETEXT.match(line)):
            level = 1 if underline.group(1).startswith("=") else 2
            found.append((offset + position - len(previous) - 1, level, _plain(previous)))
            previous = ""
        else:
            previous = line if line.strip() and not line.startswith(("    ", "\t", ">", "-", "*", "|")) else ""
        position += len(line) + 1
    return found


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Metadata from a leading `---` block of `key: value` lines and simple lists, and the text after it.

    Only scalars and lists of scalars are understood; it is no YAML parser, and nothing in it is ever executed.
    """
    block = _FRONT_MATTER.match(text)
    if block is None:
        return {}, text
    metadata: dict[str, Any] = {}
    key = ""
    for line in block.group(1).split("\n"):
        if field := _FIELD.match(line):
            key = field.group(1)
            metadata[key] = _value(field.group(2) or "")
        elif key and (item := _ITEM.match(line)):
            values = metadata[key] if isinstance(metadata[key], list) else []
            metadata[key] = [*values, _scalar(item.group(1))]
    if not metadata:
        return {}, text
    return {name: value for name, value in metadata.items() if value != ""}, text[block.end() :].lstrip("\n")


def _value(written: str) -> Any:
    written = written.strip()
    if written.startswith("[") and written.endswith("]"):
        return [_scalar(part) for part in written[1:-1].split(",") if part.strip()]
    return _scalar(written)


def _scalar(written: str) -> str | int | float | bool:
    written = written.strip()
    if len(written) > 1 and written[0] == written[-1] and written[0] in "\"'":
        return written[1:-1]
    if written in ("true", "false"):
        return written == "true"
    for kind in (int, float):
        if re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", written):
            try:
                return kind(written)
            except ValueError:
                continue
    return written


def _plain(heading: str) -> str:
    return clean_line(_MARKUP.sub(lambda match: match.group(1) or "", heading))
