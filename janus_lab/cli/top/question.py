"""A question that is answered with y or n."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from janus_lab.verbs.plain.printable import printable


class Question(ModalScreen[bool]):
    """Asked before something that somebody may not have meant."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("y", "answer(True)", "yes"),
        ("n", "answer(False)", "no"),
        ("escape", "answer(False)", "no"),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """The question and its two answers."""
        with Vertical(id="question"):
            yield Static(Text(printable(self._text)))
            yield Static(Text.assemble(("y", "bold"), " yes    ", ("n", "bold"), " no"), id="answers")

    def action_answer(self, given: bool) -> None:  # noqa: FBT001 - Textual calls it by position
        """Close with this answer."""
        self.dismiss(given)
