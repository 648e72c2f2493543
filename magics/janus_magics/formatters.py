"""How IPython shows our values: attached from outside, so that the values know no HTML."""

from __future__ import annotations

from typing import Any

from janus_lab.verbs.plain import PLAIN, plain
from janus_magics.render import html
from janus_magics.shown import Shown


def attach(display_formatter: Any, shown: Shown) -> None:
    """Teach a display formatter our values: text/html with text/plain beside it."""
    rich, text = display_formatter.formatters["text/html"], display_formatter.formatters["text/plain"]
    for kind in PLAIN:
        rich.for_type(kind, _html)
        text.for_type(kind, _plain)
        display_formatter.ipython_display_formatter.for_type(kind, shown.display)


def detach(display_formatter: Any) -> None:
    """Make it forget them."""
    formatters = display_formatter.formatters
    for kind in PLAIN:
        for formatter in (
            formatters["text/html"],
            formatters["text/plain"],
            display_formatter.ipython_display_formatter,
        ):
            formatter.pop(kind, None)


def _html(value: object) -> str:
    return str(html(value))


def _plain(value: object, printer: Any, cycle: bool) -> None:  # noqa: FBT001 - IPython's signature
    printer.text("…" if cycle else plain(value))
