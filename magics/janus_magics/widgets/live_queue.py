"""`live_queue`: a lab's queue that goes on, any number of times, read by one thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from IPython.core.getipython import get_ipython

from janus_lab.values.counted import count
from janus_magics.widgets.attention import Attention
from janus_magics.widgets.cell_watch import CellWatch
from janus_magics.widgets.queue_view import QueueView

if TYPE_CHECKING:
    from janus_lab.lab import Lab

FORGOTTEN_SECONDS = 60.0
"""A queue that nobody has looked at for so long is let go when the next one is made: its cell has been run again."""


def live_queue(lab: Lab, run_id: str | None = None) -> QueueView:
    """A widget with queues, runs and parked messages, and one run's steps, until the lab is closed."""
    feed = lab.queues.feed
    for display in feed.displays():
        if isinstance(display, QueueView) and display.unseen_seconds() > FORGOTTEN_SECONDS:
            feed.remove(display)
            display.close()
    cells = CellWatch(get_ipython())
    view = QueueView(
        lab.queues.now(run_id), attention=Attention(cells.working), wake=feed.wake, acts=_acts(lab), end=cells.end
    )
    view.opened = run_id or ""
    feed.add(view)
    feed.wake()
    return view


def _acts(lab: Lab) -> Mapping[str, Callable[[str], str]]:
    """What a person may do here, and what is told when it was done."""

    def pause(run_id: str) -> str:
        return f"Run {lab.pause(run_id).id[:12]} rests after the step it is at."

    def resume(run_id: str) -> str:
        return f"Run {lab.resume(run_id).id[:12]} goes on."

    def cancel(run_id: str) -> str:
        return f"Run {lab.cancel(run_id).id[:12]} is asked to stop; what it has finished is kept."

    def retry(run_id: str) -> str:
        return f"Run {lab.retry(run_id).id[:12]} is queued again."

    def redrive(letter_id: str) -> str:
        return f"{count(lab.queues.redrive([letter_id]), 'message')} queued again."

    def discard(letter_id: str) -> str:
        return f"{count(lab.queues.discard([letter_id]), 'message')} dropped; a run stays in the ledger."

    return {"pause": pause, "resume": resume, "cancel": cancel, "retry": retry, "redrive": redrive, "discard": discard}
