"""Keys of the server as plain text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from janus_lab.values.counted import count
from janus_lab.values.gauge import Unit
from janus_lab.values.size import size
from janus_lab.values.stored_key import KeyContent, KeyPage, StoredKey
from janus_lab.verbs.listings import DeletedKeys, RawKey
from janus_lab.verbs.plain.amounts import duration, moment
from janus_lab.verbs.plain.board import amount, held
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.plain.table import table

COLUMNS = ("key", "what it is", "type", "holds", "memory", "expires in")
TAG = "{janus}:"
LONGEST_NAME = 72
LONGEST_CELL = 64
LONGEST_FACT = 600
LONGEST_VALUE = 4000
_TYPES = {
    "hash": ("hash", "field"),
    "list": ("list", "item"),
    "set": ("set", "member"),
    "zset": ("sorted set", "member"),
    "stream": ("stream", "entry"),
}
_MEASURES: Mapping[str, Callable[[float], str]] = {
    "_at": moment,
    "_seconds": duration,
    "_bytes": lambda value: amount(value, Unit.BYTES),
}
"""How a number is shown, by the unit in which its name ends."""


def page(value: KeyPage) -> str:
    """A line a key, and what they take together."""
    head = table(COLUMNS, [key_cells(key) for key in value.keys]) + "\n\n" if value.keys else ""
    return head + summary(value)


def summary(value: KeyPage) -> str:
    """How many keys there are and how much they take, with what there is to say about them."""
    more = "" if value.complete else "at least "
    memory = sum(key.memory_bytes or 0 for key in value.keys)
    text = f"{more}{count(len(value.keys), 'key')}, {size(memory)}" if value.keys else f"no key meets {value.pattern}"
    return one_line(f"{text}; {value.note}" if value.note else text, 300)


def key_cells(key: StoredKey) -> tuple[str, ...]:
    """What there is to say about a key without looking into it."""
    return (
        one_line(short_name(key.name), LONGEST_NAME),
        key.family or "–",
        key.type,
        holding(key),
        "–" if key.memory_bytes is None else size(key.memory_bytes),
        duration(key.ttl_seconds),
    )


def content(value: KeyContent) -> str:
    """One key and what it means; what that is not known of, as the server holds it."""
    parts = [_head(value)]
    if value.facts:
        parts.append(_pairs([(heading(name), shown(name, fact, LONGEST_FACT)) for name, fact in value.facts.items()]))
    if value.members:
        header, rows = member_rows(value.members)
        parts.append(table(header, rows))
    if not value.facts and not value.members:
        parts.append(_raw(value))
    return "\n\n".join(part for part in (*parts, unseen(value)) if part)


def raw_key(value: RawKey) -> str:
    """One key as the server holds it."""
    return "\n\n".join(part for part in (_head(value.content), _raw(value.content), unseen(value.content)) if part)


def deleted(value: DeletedKeys) -> str:
    """Which keys are gone."""
    return "\n".join(f"Deleted {one_line(name, 200)}." for name in value) or "Nothing was deleted."


def short_name(name: str) -> str:
    """A key's name without the tag that all of ours begin with."""
    return name.removeprefix(TAG)


def described(key: StoredKey) -> str:
    """A key in some words: what it is, of which type, how large, how long it lives."""
    life = "never expires" if key.ttl_seconds is None else f"expires in {duration(key.ttl_seconds)}"
    return f"{held_in(key)}, {life}"


def held_in(key: StoredKey) -> str:
    """The same without how long it lives."""
    memory = "" if key.memory_bytes is None else f", {size(key.memory_bytes)}"
    return f"{key.family or 'not known here'}: {_held(key)}{memory}"


def holding(key: StoredKey) -> str:
    """How much is in a key."""
    if key.length is None:
        return "–"
    return size(key.length) if key.type == "string" else f"{key.length:,}"


def heading(name: str) -> str:
    """The name of a fact or member without its unit, in words."""
    for unit in _MEASURES:
        name = name.removesuffix(unit)
    return name.replace("_", " ").strip() or "at"


def shown(name: str, value: Any, limit: int = LONGEST_CELL) -> str:
    """A fact's value on one line, by the unit that its name ends in."""
    unit = next((unit for unit in _MEASURES if f"_{name}".endswith(unit)), "")
    if unit and isinstance(value, int | float):
        return _MEASURES[unit](value)
    if name == "weights" and isinstance(value, Mapping):
        return one_line(held(value), limit)
    if value is None or value == "":
        return "–"
    if isinstance(value, str):
        return one_line(value, limit)
    if isinstance(value, Mapping) and all(isinstance(part, str | int | float | None) for part in value.values()):
        return one_line(", ".join(f"{heading(part)} {shown(part, value[part], limit)}" for part in value), limit) or "–"
    return one_line(json.dumps(value, ensure_ascii=False, default=str), limit)


def member_rows(members: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """A header and a row a member, with a column for every name of which any of them tells something."""
    titles = tuple(dict.fromkeys(heading(name) for member in members for name in member))
    rows = []
    for member in members:
        # One column may be bytes in one row, and threads in another.
        by_title = {heading(name): shown(name, value) for name, value in member.items()}
        rows.append(tuple(by_title.get(title, "–") for title in titles))
    told = [place for place in range(len(titles)) if any(row[place] != "–" for row in rows)]
    return tuple(titles[place] for place in told), [tuple(row[place] for place in told) for row in rows]


def raw_rows(value: KeyContent) -> list[tuple[str, str]]:
    """Members as the server holds them, on a line each."""
    return [(one_line(member, LONGEST_CELL), one_line(data, LONGEST_VALUE)) for member, data in value.raw]


def unseen(value: KeyContent) -> str:
    """How many members were not read, if any."""
    if value.key.type == "string" or value.key.length is None or not value.shown or value.key.length <= value.shown:
        return ""
    return f"… and {value.key.length - value.shown:,} more members (-n reads more)"


def _head(value: KeyContent) -> str:
    return "\n".join(part for part in (one_line(value.key.name, 300), described(value.key), value.about) if part)


def _held(key: StoredKey) -> str:
    name, member = _TYPES.get(key.type, (key.type, ""))
    if not member or key.length is None:
        return f"{name} of {holding(key)}" if key.length is not None else name
    return f"{name} of {count(key.length, member)}"


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in pairs)
    return "\n".join(f"{name.ljust(width)}  {text}" for name, text in pairs)


def _raw(value: KeyContent) -> str:
    if not value.raw:
        return "What it holds is too large to be shown." if value.key.length else ""
    if value.key.type == "string":
        return one_line(value.raw[0][1], LONGEST_VALUE)
    return table(("member", "value"), raw_rows(value))
