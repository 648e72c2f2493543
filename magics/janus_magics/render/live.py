"""What a cell shows while a run goes on."""

from __future__ import annotations

from collections.abc import Sequence

from janus_lab.values.ingest import Progress
from janus_lab.verbs.doing import Doing
from janus_lab.verbs.plain.documents import progress as progress_text
from janus_lab.verbs.plain.printable import one_line
from janus_magics.render.markup import Markup, element, escape, join, page

DRAFT_SHOWN = 20_000
"""Characters of a draft that are shown while it grows; the end counts."""


def draft(text: str, *, note: str = "", ended: bool = False) -> Markup:
    """Text as the model writes it, before it is checked; `note` says why it does not grow."""
    shown = text[-DRAFT_SHOWN:]
    if ended:
        head = element("span", "stopped", kind="badge bad")
        return page(element("div", head), element("div", shown, kind="text"))
    head = element("span", note or ("writing, not checked yet" if text else "working …"), kind="dim small")
    cursor = element("span", "▌", kind="cursor") if text else ""
    return page(element("div", head), element("div", shown, cursor, kind="text"))


def progress(value: Progress, warnings: Sequence[str], *, note: str = "", ended: bool = False) -> Markup:
    """How far an ingest is, with the last warnings; `note` says why it does not go on."""
    share = min(1.0, value.files_done / value.files_total) if value.files_total else 0.0
    bar = Markup(f'<div class="bar"><div style="width:{share * 100:.1f}%"></div></div>')
    head = element("div", element("span", "stopped", kind="badge bad")) if ended else element("div", note, kind="small")
    current = element("div", one_line(value.current, 120), kind="dim small") if value.current and not ended else ""
    return page(head, bar, element("div", progress_text(value), kind="small"), current, warning_list(warnings))


def task(value: Doing, warnings: Sequence[str], *, note: str = "", ended: bool = False) -> Markup:
    """What a run is doing, with a bar where it is told how far it is."""
    head = element("div", element("span", "stopped", kind="badge bad")) if ended else element("div", note, kind="small")
    width = f"{(value.share or 0.0) * 100:.1f}%"
    bar = Markup(f'<div class="bar"><div style="width:{width}"></div></div>') if value.share is not None else ""
    return page(head, bar, element("div", value.text, kind="small"), warning_list(warnings))


def warning_list(warnings: Sequence[str]) -> Markup:
    """Warnings, a line each."""
    return join(element("div", "⚠ ", escape(text), kind="warn small") for text in warnings)
