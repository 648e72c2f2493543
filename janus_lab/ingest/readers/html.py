"""HTML: what a reader of the page sees, as headings, paragraphs, items and table rows; scripts are never looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from janus_lab.errors import FileTooLarge
from janus_lab.ingest.cleaner import clean_line
from janus_lab.ingest.decoding import decode
from janus_lab.ingest.draft import LINE, PARAGRAPH, TextDraft
from janus_lab.ingest.source_file import SourceFile
from janus_lab.values.document import ParsedDocument

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode


def _tags(listing: str) -> frozenset[str]:
    return frozenset(listing.split())


_DROPPED = _tags(
    "applet audio base button canvas datalist dialog embed frame frameset head iframe input link math menu meta nav noembed"
    " noframes noscript object option param script select source style svg template textarea title track video"
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LINES = frozenset({"li", "dt", "dd", "tr", "caption", "summary", "figcaption", "legend", "option"})
_BLOCKS = _tags(
    "address article aside blockquote body center details div dl fieldset figure footer form header hgroup hr main ol p"
    " pre section table tbody tfoot thead ul"
)
_CELLS = frozenset({"td", "th"})
_CELL_SEPARATOR = " | "
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE)
_INVISIBLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])"
)
_META = {
    "author": "author",
    "date": "date",
    "description": "description",
    "keywords": "keywords",
    "article:published_time": "date",
}
_NODES_BETWEEN_CHECKS = 4096
_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)")
_CLOSED_BY_OTHERS = _tags(
    "area br col embed hr img input li link meta p param source td th tr track wbr dd dt option body html"
)
_DEPTH = 10_000
"""Parsing takes time with the square of the depth: a second at this one, and no page made to be read comes near it."""


def read_html(source: SourceFile) -> Iterator[ParsedDocument]:
    """One document; its title is the page's, else the first heading's, else the file's name."""
    from selectolax.lexbor import LexborHTMLParser

    data = source.data()
    declared = _CHARSET.search(data[:4096])
    text, _ = decode(data, source.charset or (declared.group(1).decode("ascii") if declared else None))
    _check_depth(text)
    page = LexborHTMLParser(text)
    walk = _Walk(source)
    if page.body is not None:
        walk.through(page.body)
    title_node = page.css_first("title")
    title = clean_line(title_node.text()) if title_node is not None else ""
    yield walk.draft.finish(title or walk.first_heading or source.stem, "text/html", metadata=_metadata(page, title))


def _check_depth(text: str) -> None:
    depth = 0
    for closing, tag in _TAG.findall(text):
        if tag.lower() not in _CLOSED_BY_OTHERS:
            depth = max(depth - 1, 0) if closing else depth + 1
            if depth > _DEPTH:
                raise FileTooLarge(
                    f"it is nested more than {_DEPTH:,} deep", remedy="save the page anew from a browser"
                )


def _metadata(page: LexborHTMLParser, title: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in page.css("meta[content]"):
        attributes = node.attributes
        name = _META.get((attributes.get("name") or attributes.get("property") or "").lower())
        value = clean_line(attributes.get("content") or "")
        if name and value and value != title:
            found.setdefault(name, value)
    language = page.root.attributes.get("lang") if page.root is not None else None
    if language:
        found["language"] = clean_line(language)
    return found


class _Walk:
    """Goes through a page from node to node, without recursion: pages may be nested as deeply as they like."""

    def __init__(self, source: SourceFile) -> None:
        self.draft = TextDraft(source.limits.text_characters)
        self.first_heading = ""
        self._source = source
        self._buffer: list[str] = []
        self._separator = PARAGRAPH
        self._preformatted = 0
        self._cells = 0

    def through(self, top: LexborNode) -> None:
        """Add everything visible below `top`."""
        node: LexborNode | None = top
        depth = visited = 0
        while node is not None:
            visited += 1
            if visited % _NODES_BETWEEN_CHECKS == 0:
                self._source.check_time()
            child = node.first_child if self._enter(node) else None
            if child is not None:
                node, depth = child, depth + 1
                continue
            while node is not None:
                self._leave(node)
                if depth == 0:
                    node = None
                elif node.next is not None:
                    node = node.next
                    break
                else:
                    node, depth = node.parent, depth - 1
        self._flush(PARAGRAPH)

    def _enter(self, node: LexborNode) -> bool:
        """Begin a node; False if nothing below it counts."""
        if node.is_text_node:
            self._text(node.text_content or "")
            return False
        tag = node.tag or ""
        if not node.is_element_node or tag in _DROPPED or _hidden(node):
            return False
        if tag in _HEADINGS:
            self._flush(PARAGRAPH)
        elif tag == "br":
            self._buffer.append(LINE)
        elif tag in _LINES or tag in _BLOCKS:
            self._boundary(LINE if tag in _LINES else PARAGRAPH)
            self._buffer.extend(["- "] if tag == "li" else [])
        self._preformatted += tag == "pre"
        self._cells += tag in _CELLS
        return True

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if not node.is_element_node or tag in _DROPPED or _hidden(node):
            return
        self._cells -= tag in _CELLS
        if tag in _HEADINGS:
            self._heading(_HEADINGS[tag])
        elif tag in _CELLS:
            self._trim()
            self._buffer.append(_CELL_SEPARATOR)
        elif tag in _LINES or tag in _BLOCKS:
            self._boundary(LINE if tag in _LINES else PARAGRAPH)
        self._preformatted -= tag == "pre"

    def _text(self, text: str) -> None:
        self._buffer.append(text if self._preformatted else re.sub(r"\s+", " ", text))

    def _boundary(self, separator: str) -> None:
        """The edge of a block; within a table's cell no more than a new line, so that a row stays together."""
        if not self._cells:
            self._flush(separator)
            return
        self._trim()
        if self._buffer and self._buffer[-1] != _CELL_SEPARATOR:
            self._buffer.append(LINE)

    def _trim(self) -> None:
        while self._buffer and not self._buffer[-1].strip():
            self._buffer.pop()

    def _flush(self, separator: str) -> None:
        text, self._buffer = "".join(self._buffer), []
        if not self._preformatted:
            lines = (
                " ".join(line.split()).removesuffix(_CELL_SEPARATOR.rstrip()).rstrip() for line in text.split(LINE)
            )
            text = LINE.join(line for line in lines if line.strip("- |"))
        if text.strip():
            self.draft.add(text, self._separator)
            self._separator = separator
        elif separator == PARAGRAPH:
            self._separator = PARAGRAPH

    def _heading(self, level: int) -> None:
        title = clean_line("".join(self._buffer))
        self._buffer = []
        if title:
            self.first_heading = self.first_heading or title
            self.draft.heading(title, level)
            self._separator = PARAGRAPH


def _hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    if not attributes:
        return False
    style = (attributes.get("style") or "").lower()
    return "hidden" in attributes or bool(style and _INVISIBLE.search(style))
