"""A bound on work that a schema asks for: little text may ask for more than anybody waits for."""

from __future__ import annotations

from janus_lab.errors import GrammarRefused

EFFORT_AT_MOST = 1_000_000
"""In ways to read a text by a pattern: some seconds."""
OF_A_VALUE = 5
"""What it takes to compare a value with one part of a schema."""


class Effort:
    """What may still be spent on one check."""

    def __init__(self) -> None:
        self._left = EFFORT_AT_MOST

    def spend(self, amount: int) -> None:
        """Take some of it. Raises GrammarRefused when there is no more."""
        self._left -= amount
        if self._left < 0:
            raise GrammarRefused(
                "to compare a reply with the schema takes too long",
                remedy="simplify its patterns, and let fewer references lead to the same places",
            )
