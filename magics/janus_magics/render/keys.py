"""Keys of the server as HTML."""

from __future__ import annotations

from itertools import groupby

from janus_lab.values.stored_key import KeyContent, KeyPage, StoredKey
from janus_lab.verbs.listings import DeletedKeys, RawKey
from janus_lab.verbs.plain.keys import (
    COLUMNS,
    LONGEST_FACT,
    described,
    heading,
    key_cells,
    member_rows,
    raw_rows,
    shown,
    summary,
    unseen,
)
from janus_lab.verbs.plain.keys import deleted as deleted_text
from janus_magics.render.markup import Markup, details, element, facts, join, page, table

_OPEN = 12
"""Groups of no more keys than this are shown open."""


def key_page(value: KeyPage) -> Markup:
    """Keys in groups by what they are; a large group opens with a click."""
    ordered = sorted(value.keys, key=lambda key: (key.family or "\uffff", key.name))
    groups = (_group(family, list(keys)) for family, keys in groupby(ordered, key=lambda key: key.family))
    return page(*groups, element("div", summary(value), kind="dim small"))


def content(value: KeyContent) -> Markup:
    """One key: what it means, and below it what the server holds."""
    parts: list[str] = [_head(value)]
    if value.facts:
        parts.append(facts((heading(name), shown(name, fact, LONGEST_FACT)) for name, fact in value.facts.items()))
    if value.members:
        parts.append(table(*member_rows(value.members)))
    raw = _raw(value)
    parts.append(details("as the server holds it", raw) if len(parts) > 1 else raw)
    return page(*parts, element("div", unseen(value), kind="dim small"))


def raw_key(value: RawKey) -> Markup:
    """One key as the server holds it."""
    return page(_head(value.content), _raw(value.content), element("div", unseen(value.content), kind="dim small"))


def deleted(value: DeletedKeys) -> Markup:
    """Which keys are gone."""
    return page(element("div", deleted_text(value)))


def _group(family: str, keys: list[StoredKey]) -> Markup:
    header = tuple(name for name in COLUMNS if name != COLUMNS[1])
    rows = []
    for key in keys:
        name, _, *rest = key_cells(key)
        rows.append((element("code", name, title=key.name), *rest))
    title = f"{family or 'not known here'} ({len(keys):,})"
    body = table(header, rows, numeric=(2, 3, 4))
    return join((element("b", title), body)) if len(keys) <= _OPEN else details(title, body)


def _head(value: KeyContent) -> Markup:
    name = element("div", element("code", value.key.name))
    return join(
        (name, element("div", described(value.key), kind="dim small"), element("div", value.about, kind="small"))
    )


def _raw(value: KeyContent) -> Markup:
    return (
        table(("member", "value"), raw_rows(value)) if value.raw else element("div", "nothing to be shown", kind="dim")
    )
