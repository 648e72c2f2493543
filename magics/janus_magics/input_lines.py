"""Input lines as the user wrote them: `%janus ask what is RAG?` is a question, not a request for Python's help.

IPython would turn a line ending in `?` into `pinfo`, and its tokenizer stumbles over an apostrophe in `x = %janus ask what's new`.
This cleanup runs before either, and turns such lines into the call that they mean.
"""

from __future__ import annotations

import re

_LINE = re.compile(r"^(\s*(?:[^=%#\"']+=\s*)?)%janus(\?+|(?:[ \t]+.*)?)$")
_EMPTY_CELL = re.compile(r"^%%janus(\s.*)?$")
_TRIPLE = re.compile(r'"""|\'\'\'')


def janus_lines(lines: list[str]) -> list[str]:
    """An input transformer for `input_transformers_cleanup`."""
    if lines and lines[0].startswith("%%"):
        first = lines[0].rstrip("\n")
        if not _EMPTY_CELL.match(first) or "".join(lines[1:]).strip():
            return lines
        # A cell magic without a cell is an error in IPython that notebooks as tests never see; the line says enough.
        lines = [f"{first[1:]}\n"]
    result: list[str] = []
    inside = ""
    for line in lines:
        match = None if inside else _LINE.match(line.rstrip("\n"))
        if match is None or match[2].endswith("\\"):
            inside = _open_string(line, inside)
            result.append(line)
        else:
            result.append(f"{match[1]}get_ipython().run_line_magic('janus', {match[2].strip()!r})\n")
    return result


def _open_string(line: str, inside: str) -> str:
    """The triple quotation mark that is still open after this line, or ""."""
    for quote in _TRIPLE.findall(line):
        if not inside:
            inside = quote
        elif quote == inside:
            inside = ""
    return inside
