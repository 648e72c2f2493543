"""A board with everything on it, in which every text that somebody else wrote is hostile."""

from __future__ import annotations

from dataclasses import replace

from janus_lab.values.board import Board
from janus_lab.values.lease import Capacity, Lease, LeaseBook, LeaseRequest, ResourceUse, Waiting
from janus_lab.values.machine import Device, ProcessUse, Sample
from janus_lab.values.queue import QueueLength
from janus_lab.values.run import Priority, Run, RunKind, RunState

GIB = 1 << 30
EVIL = "\"'><script>window.__janus_pwned=1</script><img src=http://x.test/a onerror=alert(1)>\u202e\x1b[31m&amp;"
NOW = 1_795_366_353.0


def hostile_board(text: str = EVIL) -> Board:
    """Every field that may hold somebody's words holds `text`."""
    request = LeaseRequest("a", {"ram": GIB, "cpu": 2, "vram:0": GIB, f"slot:{text}": 1}, Priority.BATCH, text, text)
    request = replace(request, run_id=text, step=text, cell=text, pid=7)
    uses = {
        "cpu": ResourceUse(Capacity(8), leased=2),
        "ram": ResourceUse(Capacity(60 * GIB, 20 * GIB), leased=GIB, ending=GIB),
        "vram:0": ResourceUse(Capacity(22 * GIB, 21 * GIB), leased=GIB),
        f"slot:{text}": ResourceUse(Capacity(1), leased=1),
    }
    book = LeaseBook(
        "lab-7", NOW, True, uses, (Lease(request, 1, NOW - 5, NOW + 5, 3.0, True),), (Waiting(request, NOW - 9),)
    )
    sample = Sample(
        "lab-7", NOW, 8, 0.5, 64 * GIB, 22 * GIB,
        (
            Device("0", text, memory_total=24 * GIB, memory_used=22 * GIB, load=0.25, temperature_celsius=61.0),
            Device("1", text, failure=text),
        ),
        (ProcessUse(7, text, GIB, {"0": GIB}, ours=True), ProcessUse(812, text, 2 * GIB)),
    )  # fmt: skip
    run = Run("0199ab34cd00", RunKind.ASK, RunState.RUNNING, Priority.BATCH, {"question": text}, NOW - 100)
    return Board(NOW, text, ("lab-7", "lab-8"), sample, book, (QueueLength(text, 1, 2, None, 3),), (run,), text)
