"""What a run tells of one thing that it is doing, such as fetching or loading a model."""

from __future__ import annotations

from dataclasses import dataclass

from janus_lab.values.event import Event
from janus_lab.values.size import size
from janus_lab.verbs.plain.printable import one_line

BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Doing:
    """What is done, and which part of it by now, 0–1 (None: not told)."""

    text: str
    share: float | None


def doing_of(event: Event) -> Doing | None:
    """What a PROGRESS event says that names what is done; None for one that counts files and chunks."""
    data = event.data
    if "what" not in data:
        return None
    done, total = int(data.get("done") or 0), int(data.get("total") or 0)
    text = one_line(str(data["what"]), 160)
    if data.get("unit") == BYTES:
        text += f" · {size(done)} of {size(total)}" if total else f" · {size(done)}"
    return Doing(text, min(1.0, done / total) if total > 1 else None)
