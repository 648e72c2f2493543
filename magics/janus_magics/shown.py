"""Results that the cell shows already, so that its Out[] does not repeat them."""

from __future__ import annotations


class Shown:
    """Remembers, until the cell ends, which values are on display."""

    def __init__(self) -> None:
        self._values: list[object] = []

    def note(self, value: object) -> None:
        """This value is on display in the running cell."""
        self._values.append(value)

    def forget(self, *_: object) -> None:
        """The cell is over; a later cell may show the same value again."""
        self._values.clear()

    def display(self, value: object) -> None:
        """For IPython's display formatter: silent for a value on display, NotImplementedError (the usual way) for any other."""
        if not any(value is noted for noted in self._values):
            raise NotImplementedError
