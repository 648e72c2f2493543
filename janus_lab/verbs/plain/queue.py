"""What the broker holds, as plain text."""

from __future__ import annotations

from janus_lab.values.queue import DeadLetter, QueueLength
from janus_lab.verbs.listings import DeadLetters, QueueLengths
from janus_lab.verbs.plain.amounts import moment
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.plain.table import table

LENGTHS = ("queue", "waiting", "delayed", "under way", "dead")
LETTERS = ("id", "queue", "run", "died", "why")


def lengths(value: QueueLengths) -> str:
    """A line a queue."""
    return table(LENGTHS, [length_cells(each) for each in value]) if value else "No queues: runs are carried out here."


def letters(value: DeadLetters) -> str:
    """A line a parked message."""
    return table(LETTERS, [letter_cells(each) for each in value]) if value else "No message is parked."


def length_cells(value: QueueLength) -> tuple[str, ...]:
    """What there is to say about a queue."""
    under_way = "–" if value.under_way is None else str(value.under_way)
    return one_line(value.queue, 60), str(value.waiting), str(value.delayed), under_way, str(value.dead)


def letter_cells(value: DeadLetter) -> tuple[str, ...]:
    """What there is to say about a parked message."""
    run = one_line(value.run_id, 13) if value.run_id else "–"
    return one_line(value.id, 36), one_line(value.queue, 60), run, moment(value.died_at), one_line(value.reason, 120)
