"""Jupyter notebooks: Markdown, code and the text that code printed, cell by cell."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from janus_lab.errors import CorruptFile
from janus_lab.ingest.cleaner import clean
from janus_lab.ingest.decoding import decode
from janus_lab.ingest.draft import LINE, TextDraft
from janus_lab.ingest.readers.markdown import find_headings
from janus_lab.ingest.source_file import SourceFile
from janus_lab.values.document import ParsedDocument

_OUTPUT_CHARACTERS = 10_000
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CURRENT = 4
_CELL_LEVEL = 7
"""Cells are sections below every level of heading."""


def read_notebook(source: SourceFile) -> Iterator[ParsedDocument]:
    """One document; its title is the notebook's, else the first heading's. Raises CorruptFile for what is no notebook."""
    notebook = _load(source)
    draft = TextDraft(source.limits.text_characters)
    headings: list[tuple[int, int, str]] = []
    for number, cell in enumerate(notebook.get("cells", []), 1):
        source.check_time()
        text = clean(_joined(cell.get("source", "")))
        start, end = draft.add_cleaned(text)
        if cell.get("cell_type") == "markdown":
            found = find_headings(text, start)
            headings.extend(found)
            for position, level, name in found:
                draft.mark_section(position, name, level)
        elif cell.get("cell_type") == "code" and end > start:
            draft.mark_section(start, f"Cell {number}", _CELL_LEVEL)
            for output in cell.get("outputs", []):
                draft.add(_output(output), LINE)
    metadata = notebook.get("metadata", {})
    title = str(metadata.get("title") or "") or next((name for _, _, name in headings if name), source.stem)
    language = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name")
    yield draft.finish(title, "application/x-ipynb+json", metadata={"language": str(language)} if language else {})


def _load(source: SourceFile) -> Mapping[str, Any]:
    text, _ = decode(source.data(), source.charset)
    try:
        notebook: Mapping[str, Any] = json.loads(text)
        return notebook if notebook["nbformat"] >= _CURRENT else _upgraded(notebook)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CorruptFile(
            f"it is no notebook ({error})", remedy="open it in Jupyter and save it again, or ingest it as .json"
        ) from error


def _upgraded(notebook: Mapping[str, Any]) -> Mapping[str, Any]:
    """An old notebook in today's form; loading nbformat takes seconds, so it is done only here."""
    nbformat: Any = import_module("nbformat")  # its functions have no types
    with warnings.catch_warnings():
        # Old notebooks lack ids and the like; what matters here can be read all the same.
        warnings.simplefilter("ignore")
        upgraded: Mapping[str, Any] = nbformat.convert(nbformat.from_dict(notebook), _CURRENT)
        return upgraded


def _output(output: Mapping[str, Any]) -> str:
    """The text of a cell's output: what was printed, the plain form of a value, or an error's last line."""
    kind = output.get("output_type")
    if kind == "stream":
        text = _joined(output.get("text", ""))
    elif kind == "error":
        text = f"{output.get('ename', 'Error')}: {output.get('evalue', '')}"
    else:
        text = _joined(output.get("data", {}).get("text/plain", ""))
    return _TERMINAL_CODES.sub("", text)[:_OUTPUT_CHARACTERS]


def _joined(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)
