"""`live_keys`: a lab's keys that go on, any number of times, read by one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.getipython import get_ipython

from janus_magics.widgets.attention import Attention
from janus_magics.widgets.cell_watch import CellWatch
from janus_magics.widgets.keys_view import KeysView

if TYPE_CHECKING:
    from janus_lab.lab import Lab

FORGOTTEN_SECONDS = 60.0
"""Keys that nobody has looked at for so long are let go when the next ones are made: their cell has been run again."""


def live_keys(lab: Lab, pattern: str = "*", *, write: bool = False) -> KeysView:
    """A widget with the keys that a pattern meets, until the lab is closed. Only with `write` may they be deleted."""
    feed = lab.keys.feed
    for display in feed.displays():
        if isinstance(display, KeysView) and display.unseen_seconds() > FORGOTTEN_SECONDS:
            feed.remove(display)
            display.close()
    cells = CellWatch(get_ipython())
    view = KeysView(
        lab.keys.find(pattern),
        attention=Attention(cells.working),
        wake=feed.wake,
        read=lab.keys.read,
        delete=lab.keys.delete if write else None,
        end=cells.end,
    )
    feed.add(view)
    feed.wake()
    return view
