"""A table that is shown again and again: whoever reads or chooses in it is not disturbed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual.widgets import DataTable
from textual.widgets.data_table import CellDoesNotExist

from janus_lab.verbs.plain.printable import printable


class LiveTable(DataTable[Text]):
    """Rows by an identity of their own; `styles_of` gives the style of a cell by its text, per column."""

    def __init__(self, header: Sequence[str], *, id: str, chosen: bool = False) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, cursor_type="row" if chosen else "none", zebra_stripes=False, cell_padding=1)
        self._header = tuple(header)
        self._rows: dict[str, tuple[str, ...]] = {}

    def on_mount(self) -> None:
        """Name the columns."""
        for name in self._header:
            self.add_column(Text(name, "bold"), key=name)

    @property
    def chosen(self) -> str:
        """The identity of the row under the cursor; "" if there is none."""
        names = list(self._rows)
        return names[self.cursor_row] if self.cursor_type == "row" and 0 <= self.cursor_row < len(names) else ""

    def show_rows(self, rows: Mapping[str, Sequence[str]], styles: Mapping[str, str] | None = None) -> None:
        """Take these rows in; `styles` colours cells by their text."""
        fresh = {name: tuple(printable(cell) for cell in cells) for name, cells in rows.items()}
        if list(fresh) == list(self._rows):
            self._change(fresh, styles or {})
        elif fresh != self._rows:
            self._begin_again(fresh, styles or {})
        self._rows = fresh

    def _change(self, fresh: Mapping[str, tuple[str, ...]], styles: Mapping[str, str]) -> None:
        for name, cells in fresh.items():
            for column, before, after in zip(self._header, self._rows[name], cells, strict=True):
                if before != after:
                    self.update_cell(name, column, _cell(after, styles), update_width=True)

    def _begin_again(self, fresh: Mapping[str, tuple[str, ...]], styles: Mapping[str, str]) -> None:
        chosen, place, scrolled = self.chosen, self.cursor_row, self.scroll_offset
        self.clear()
        for name, cells in fresh.items():
            self.add_row(*(_cell(cell, styles) for cell in cells), key=name)
        try:
            row = self.get_row_index(chosen) if chosen in fresh else min(place, len(fresh) - 1)
        except CellDoesNotExist:
            row = 0
        self.move_cursor(row=max(0, row), animate=False, scroll=False)
        self.scroll_to(scrolled.x, scrolled.y, animate=False)


def _cell(text: str, styles: Mapping[str, str]) -> Text:
    return Text(text, styles.get(text, ""), no_wrap=True)
