"""What the broker holds, as HTML."""

from __future__ import annotations

from janus_lab.verbs.listings import DeadLetters, QueueLengths
from janus_lab.verbs.plain.queue import LENGTHS, LETTERS, length_cells, letter_cells
from janus_magics.render.markup import Markup, element, page, table


def lengths(value: QueueLengths) -> Markup:
    """A row a queue."""
    if not value:
        return page(element("div", "No queues: runs are carried out here.", kind="dim"))
    return page(table(LENGTHS, [length_cells(each) for each in value], numeric=(1, 2, 3, 4)))


def letters(value: DeadLetters) -> Markup:
    """A row a parked message."""
    if not value:
        return page(element("div", "No message is parked.", kind="dim"))
    return page(table(LETTERS, [letter_cells(each) for each in value]))
