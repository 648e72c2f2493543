"""Lines that Janus writes into a person's file: each ends with a mark by which it is known again, unless somebody changed it.

The mark holds a digest of the rest of its line. A line whose digest is not its own any more belongs to whoever changed it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

HEADING = "# --- by `janus profile --write`, for this machine. A line that you change is yours from then on."

_MARKED = re.compile(r"(?P<rest>(?P<name>[A-Za-z_]\w*)\s*=.*) \[janus (?P<digest>[0-9a-f]{8})\]\s*")


def marked(line: str) -> str:
    """A line that sets something, with its mark."""
    return f"{line} [janus {_digest(line)}]"


def own_name(line: str) -> str:
    """The name that a line sets if Janus wrote all of it, else ""."""
    found = _MARKED.fullmatch(line)
    return found["name"] if found and found["digest"] == _digest(found["rest"]) else ""


def own_names(lines: Sequence[str]) -> set[str]:
    """The names that Janus's own lines set."""
    return {name for line in lines if (name := own_name(line))}


def with_own(lines: Sequence[str], wanted: Mapping[str, str]) -> list[str]:
    """The lines with `wanted` (marked lines by name) in place of all own ones; every other line stays as and where it is.

    What is new follows the own lines that are there, or stands in a block at the end: above the comment of what follows.
    """
    missing = dict(wanted)
    result: list[str] = []
    for line in lines:
        if name := own_name(line):
            if name in missing:
                result.append(missing.pop(name))
        else:
            result.append(line)
    if missing:
        at = max((number for number, line in enumerate(result, 1) if own_name(line) or line == HEADING), default=0)
        result = [*result[:at], *missing.values(), *result[at:]] if at else _appended(result, list(missing.values()))
    return result if own_names(result) else _without_heading(result)


def _appended(lines: list[str], added: list[str]) -> list[str]:
    end = len(lines)
    while end and lines[end - 1].lstrip().startswith("#"):
        end -= 1
    if end and lines[end - 1].strip():
        # The comment stands directly below a setting, or it is all there is: nothing that follows is meant by it.
        end = len(lines)
    start = end
    while start and not lines[start - 1].strip():
        start -= 1
    before, blank, after = lines[:start], lines[start:end], lines[end:]
    gap = [""] if before else []
    return [*before, *gap, HEADING, *added, *(blank or ([""] if after else [])), *after]


def _without_heading(lines: list[str]) -> list[str]:
    """The lines without headings that nothing follows, each with the blank line before or after it."""
    result = list(lines)
    while HEADING in result:
        at = result.index(HEADING)
        near = at - 1 if at else at + 1
        drop = {at, near} if near < len(result) and not result[near] else {at}
        result = [line for number, line in enumerate(result) if number not in drop]
    return result


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
