"""Plain text, source code and JSON: the text is the document."""

from __future__ import annotations

import json
from collections.abc import Iterator

from janus_lab.ingest.cleaner import clean, clean_line
from janus_lab.ingest.decoding import decode
from janus_lab.ingest.draft import too_much_text
from janus_lab.ingest.source_file import SourceFile
from janus_lab.values.document import ParsedDocument

LANGUAGES = {
    ".bash": "shell", ".c": "c", ".cc": "c++", ".cfg": "ini", ".clj": "clojure", ".conf": "ini", ".cpp": "c++",
    ".cs": "c#", ".css": "css", ".cu": "cuda", ".dart": "dart", ".el": "lisp", ".erl": "erlang", ".ex": "elixir",
    ".f90": "fortran", ".fs": "f#", ".go": "go", ".graphql": "graphql", ".h": "c", ".hpp": "c++", ".hs": "haskell",
    ".ini": "ini", ".java": "java", ".jl": "julia", ".js": "javascript", ".jsx": "javascript", ".kt": "kotlin",
    ".lisp": "lisp", ".lua": "lua", ".m": "matlab", ".mjs": "javascript", ".ml": "ocaml", ".nim": "nim", ".php": "php",
    ".pl": "perl", ".proto": "protobuf", ".ps1": "powershell", ".py": "python", ".pyi": "python", ".r": "r",
    ".rb": "ruby", ".rs": "rust", ".scala": "scala", ".sh": "shell", ".sql": "sql", ".svelte": "svelte",
    ".swift": "swift", ".tex": "latex", ".toml": "toml", ".ts": "typescript", ".tsx": "typescript", ".vue": "vue",
    ".yaml": "yaml", ".yml": "yaml", ".zig": "zig", ".zsh": "shell",
}  # fmt: skip
"""Extension → language of source code."""

_TITLE_CHARACTERS = 120


def read_text(source: SourceFile) -> Iterator[ParsedDocument]:
    """Plain text; a short first line that stands alone is its title."""
    text = _text_of(source)
    first, _, rest = text.partition("\n")
    stands_alone = (
        0 < len(first) <= _TITLE_CHARACTERS and (not rest or rest.startswith("\n")) and first[-1] not in ".,;"
    )
    title = clean_line(first) if stands_alone else source.stem
    yield ParsedDocument(text=text, title=title or source.stem, media_type="text/plain")


def read_code(source: SourceFile) -> Iterator[ParsedDocument]:
    """Source code, under its file name, with its language in the metadata."""
    language = LANGUAGES.get(source.extension, "text")
    name = source.name.rsplit("/", 1)[-1]
    yield ParsedDocument(text=_text_of(source), title=name, media_type="text/x-source", metadata={"language": language})


def read_json(source: SourceFile) -> Iterator[ParsedDocument]:
    """JSON as text; a file without line breaks is indented, so that it can be read and cited."""
    text = _text_of(source)
    if "\n" not in text:
        try:
            text = clean(json.dumps(json.loads(text), indent=1, ensure_ascii=False))
        except (ValueError, RecursionError) as error:
            source.warnings.append(f"it is no valid JSON ({error}); it was taken as plain text")
    yield ParsedDocument(text=text, title=source.name.rsplit("/", 1)[-1], media_type="application/json")


def _text_of(source: SourceFile) -> str:
    decoded, _ = decode(source.data(), source.charset)
    text = clean(decoded)
    if len(text) > source.limits.text_characters:
        raise too_much_text(source.limits.text_characters)
    return text
