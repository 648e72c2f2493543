"""Whether a schema's pattern is found in a text, in a time that grows with the text alone: nothing is tried twice."""

from __future__ import annotations

from janus_lab.adapters.backend.structured.automaton import Automaton
from janus_lab.adapters.backend.structured.dialects import CHECKING
from janus_lab.adapters.backend.structured.effort import Effort
from janus_lab.adapters.backend.structured.expressions import mark_dead
from janus_lab.adapters.backend.structured.patterns import read_pattern

_AT_ONCE = 256
"""Bytes between two looks at the effort."""


class PatternSearch:
    """Looks for one pattern. Raises GrammarRefused for one that can't be looked for so, such as one that looks around."""

    def __init__(self, pattern: str) -> None:
        expression = read_pattern(pattern, CHECKING).expression
        mark_dead(expression)
        self._automaton = Automaton(expression)

    def found_in(self, text: str, effort: Effort) -> bool:
        """Whether it is found anywhere in the text. Raises GrammarRefused if that takes too long."""
        data = _whole_characters(text).encode()
        state = self._automaton.start
        for start in range(0, len(data), _AT_ONCE):
            before = self._automaton.ways
            found = self._automaton.read(state, data[start : start + _AT_ONCE])
            effort.spend(self._automaton.ways - before)
            if found is None:
                return False
            state = found
        return state.ends


def _whole_characters(text: str) -> str:
    """Halves of characters, which UTF-8 can't carry, become the sign for what can't be read."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
