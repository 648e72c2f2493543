"""Rows of a query to the graph as HTML."""

from __future__ import annotations

from janus_lab.verbs.listings import Rows
from janus_lab.verbs.plain.graph import cells
from janus_magics.render.markup import Markup, element, page, table

_LONGEST_CELL = 300


def rows(value: Rows) -> Markup:
    """A table with a column for each name that the query returns."""
    if not value:
        return page(element("div", "No rows.", kind="dim"))
    return page(table(tuple(value[0]), cells(value, _LONGEST_CELL)))
