"""When work lets others go first, between two of its units."""

from __future__ import annotations

from janus_lab.scheduler.held import HeldLease

LOOK_SECONDS = 0.2
"""How often work asks, between its units, whether somebody more urgent waits."""
TURN_SECONDS = 2.0
"""Who has worked for so long goes behind those who asked meanwhile: alike ones take turns."""
AGED_SECONDS = 60.0
"""Who has waited for so long works for a whole turn, whoever waits: under constant load batch work goes on, too."""


def gives_way(held: HeldLease, now: float) -> bool:
    """Whether the holder is to give its lease back and ask again."""
    worked = now - held.granted_at
    if worked >= TURN_SECONDS:
        return True
    return held.yield_wanted and held.waited_seconds < AGED_SECONDS
