"""The server's keys as a tree, and what the chosen one means."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, ScrollableContainer, Vertical
from textual.widgets import Static, Tree
from textual.widgets.tree import TreeNode
from textual.worker import get_current_worker

from janus_lab.cli.top.watched import Watched
from janus_lab.errors import JanusError
from janus_lab.values.stored_key import KeyPage, StoredKey
from janus_lab.verbs.plain import plain
from janus_lab.verbs.plain.keys import holding, short_name, summary
from janus_lab.verbs.plain.printable import one_line, printable

SECONDS = 2.0
REST = 10.0
"""Between two looks it rests so many times as long as one takes: a server may hold millions of others' keys."""
_OPEN = 5
"""Groups of no more keys than this are open at first."""


class KeysPane(Vertical):
    """Looks again every two seconds while it is shown. It changes nothing on the server."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "back", "to the tree")]

    def __init__(self, lab: Watched, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._lab = lab
        self._asking = False
        self._due = 0.0
        self._names: tuple[str, ...] = ()
        self._chosen = ""

    def compose(self) -> ComposeResult:
        """A tree, and a place for what is chosen in it."""
        tree: Tree[str] = Tree("keys", id="key-tree")
        tree.show_root = False
        tree.guide_depth = 2
        with Container(id="key-columns"):
            yield tree
            with ScrollableContainer(id="key-scroll"):
                yield Static("choose a key", id="key-content", markup=False)
        yield Static(id="key-summary", markup=False)

    def on_mount(self) -> None:
        """Look while it is shown."""
        self.set_interval(SECONDS, self._look_again)

    def on_show(self) -> None:
        """Look at once."""
        self._look()

    def on_tree_node_selected(self, event: Tree.NodeSelected[str]) -> None:
        """Let the keyboard scroll what is shown of a key."""
        if event.node.data:
            self.query_one("#key-scroll").focus()

    def action_back(self) -> None:
        """Let it move in the tree again."""
        self.query_one("#key-tree").focus()

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[str]) -> None:
        """Show what the cursor is on."""
        self._chosen = event.node.data or ""
        self._look()

    def _look_again(self) -> None:
        if time.monotonic() >= self._due:
            self._look()

    def _look(self) -> None:
        if not self._asking and self.is_on_screen:
            self._asking = True
            self.run_worker(self._read, thread=True)

    def _read(self) -> None:
        chosen, page, told = self._chosen, None, "choose a key"
        try:
            page = self._lab.keys.find()
            if chosen:
                told = plain(self._lab.keys.read(chosen))
        except JanusError as error:
            told = "\n".join(error.lines())
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._show, page, chosen, told)

    def _show(self, page: KeyPage | None, chosen: str, told: str) -> None:
        self._asking = False
        if not self.app.is_running:
            return  # it is about to end, and parts of this pane may be gone already
        if page is not None:
            self._due = time.monotonic() + page.seconds * REST
            self._grow(page)
            self.query_one("#key-summary", Static).update(Text(summary(page), "dim"))
        if chosen != self._chosen:
            self._look()  # somebody went on meanwhile
            return
        self.query_one("#key-content", Static).update(Text(printable(told), no_wrap=True))

    def _grow(self, page: KeyPage) -> None:
        """Build the tree anew where other keys are there than before; what was open stays open."""
        ordered = sorted(page.keys, key=lambda key: (key.family or "\uffff", key.name))
        names = tuple(key.name for key in ordered)
        if names == self._names:
            return
        self._names = names
        tree: Tree[str] = self.query_one("#key-tree", Tree)
        shut = {str(node.label).partition(" (")[0] for node in tree.root.children if not node.is_expanded}
        known = {str(node.label).partition(" (")[0] for node in tree.root.children}
        tree.clear()
        chosen = None
        for family, keys in groupby(ordered, key=lambda key: key.family or "not known here"):
            chosen = (
                self._branch(tree, family, list(keys), expand=family not in shut if family in known else None) or chosen
            )
        if chosen is not None:
            tree.move_cursor(chosen)

    def _branch(
        self, tree: Tree[str], family: str, keys: Sequence[StoredKey], *, expand: bool | None
    ) -> TreeNode[str] | None:
        label = Text(f"{one_line(family, 40)} ({len(keys)})", "bold")
        branch = tree.root.add(label, expand=len(keys) <= _OPEN if expand is None else expand)
        chosen = None
        for key in keys:
            leaf = branch.add_leaf(_label(key), data=key.name)
            chosen = leaf if key.name == self._chosen else chosen
        return chosen


def _label(key: StoredKey) -> Text:
    return Text(one_line(short_name(key.name), 60)).append(f"  {holding(key)}", "dim")
