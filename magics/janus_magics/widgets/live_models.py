"""`live_models`: a lab's models and memories that go on, any number of times, read by one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.getipython import get_ipython

from janus_magics.widgets.attention import Attention
from janus_magics.widgets.cell_watch import CellWatch
from janus_magics.widgets.models_view import ModelsView

if TYPE_CHECKING:
    from janus_lab.lab import Lab

FORGOTTEN_SECONDS = 60.0
"""A list that nobody has looked at for so long is let go when the next one is made: its cell has been run again."""


def live_models(lab: Lab) -> ModelsView:
    """A widget with the models, where they are loaded, and what is in each memory, until the lab is closed."""
    feed = lab.models.feed
    for display in feed.displays():
        if isinstance(display, ModelsView) and display.unseen_seconds() > FORGOTTEN_SECONDS:
            feed.remove(display)
            display.close()
    cells = CellWatch(get_ipython())
    view = ModelsView(lab.models.view(), attention=Attention(cells.working), wake=feed.wake, end=cells.end)
    feed.add(view)
    feed.wake()
    return view
