r"""`.env` files: `NAME=value` a line, read as Docker Compose reads them, never executed.

A value may stand in single quotes (as it is), in double quotes (`\n`, `\t`, `\"`, `\\`, `\$` mean what they do elsewhere), or
bare, up to a ` #`. Quoted values may span lines. A `$` that Compose would replace is refused, so that both read the same.
"""

from __future__ import annotations

import re
from pathlib import Path

from janus_lab.errors import SettingsError

_ENTRY = re.compile(
    r"""[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*
    (?: '(?P<single>[^']*)' (?P<after_single>[^\n]*)
      | "(?P<double>(?:[^"\\]|\\.)*)" (?P<after_double>[^\n]*)
      | (?P<bare>[^'"\n][^\n]*)? )
    (?:\n|\Z)""",
    re.VERBOSE | re.DOTALL,
)
_BLANK = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_COMMENT = re.compile(r"(?:^|\s+)#.*$")
_REPLACED = re.compile(r"(?<!\\)(?:\\\\)*\$")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"n": "\n", "t": "\t", "r": "\r"}


def read_dotenv(file: Path) -> dict[str, str]:
    """The variables that `file` sets; the last of a name counts. Raises SettingsError, which never quotes a value."""
    try:
        text = file.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SettingsError(
            f"{file} can't be read: {reason}", remedy=f"make {file} a text file that you may read, or remove it"
        ) from None
    return parse_dotenv(text, str(file))


def parse_dotenv(text: str, source: str) -> dict[str, str]:
    """The variables that `text` sets; `source` names it in errors."""
    variables: dict[str, str] = {}
    position = 0
    while position < len(text):
        if blank := _BLANK.match(text, position):
            position = max(blank.end(), position + 1)
            continue
        place = f"line {text.count(chr(10), 0, position) + 1} of {source}"
        entry = _ENTRY.match(text, position)
        if entry is None or not _BLANK.fullmatch(entry["after_single"] or entry["after_double"] or ""):
            raise SettingsError(
                f"{place} is no NAME=value", remedy=f"correct {place}: NAME='value', or # before a comment"
            )
        variables[entry["name"]] = _value(entry, place)
        position = entry.end()
    return variables


def _value(entry: re.Match[str], place: str) -> str:
    if entry["single"] is not None:
        return entry["single"]
    quoted = entry["double"] is not None
    raw = entry["double"] if quoted else _COMMENT.sub("", entry["bare"] or "").strip()
    if _REPLACED.search(raw):
        raise SettingsError(
            f"{entry['name']} on {place} holds a $, which Docker Compose would replace",
            remedy=f"put the value of {entry['name']} in 'single quotes'",
        )
    return _ESCAPE.sub(lambda match: _MEANT.get(match[1], match[1]), raw) if quoted else raw
