"""Keys as they travel to the browser: texts ready to be shown (as text), and only what has changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from janus_lab.values.size import size
from janus_lab.values.stored_key import KeyContent, KeyPage, StoredKey
from janus_lab.verbs.plain.keys import (
    LONGEST_FACT,
    heading,
    held_in,
    holding,
    member_rows,
    raw_rows,
    short_name,
    shown,
    unseen,
)
from janus_lab.verbs.plain.printable import one_line

_STEADY_SECONDS = 2.0
"""A life that ends no more than this earlier or later than was told is the same: it is measured now and then."""


def rows(page: KeyPage, before: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The keys by name. Ends of lives are seconds since the epoch, as told `before` where they hardly differ."""
    return {key.name: _row(key, page.at, before.get(key.name, {}).get("ends")) for key in page.keys}


def content(value: KeyContent) -> dict[str, Any]:
    """One key: what it means, and what the server holds."""
    columns, members = member_rows(value.members)
    return {
        "name": value.key.name,
        "held": held_in(value.key),
        "about": value.about,
        "loss": value.loss or "nobody here knows what needs it",
        "facts": [[heading(name), shown(name, fact, LONGEST_FACT)] for name, fact in value.facts.items()],
        "columns": columns,
        "members": members,
        "raw": raw_rows(value),
        "unseen": unseen(value),
    }


def missing(name: str, why: str) -> dict[str, Any]:
    """A key that can't be read (any more)."""
    names = ("held", "loss", "unseen", "facts", "columns", "members", "raw")
    return {"name": name, "about": one_line(why, 300), "gone": True, **dict.fromkeys(names, "")}


def _row(key: StoredKey, at: float, told: float | None) -> dict[str, Any]:
    ends = None if key.ttl_seconds is None else round(at + key.ttl_seconds, 1)
    if ends is not None and told is not None and abs(ends - told) < _STEADY_SECONDS:
        ends = told
    return {
        "short": one_line(short_name(key.name), 200),
        "family": key.family,
        "holds": holding(key),
        "memory": "" if key.memory_bytes is None else size(key.memory_bytes),
        "ends": ends,
    }
