"""What a loaded model needs for replies under schemas: its tokens' bytes, and the schemas that were asked for lately."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from janus_lab.adapters.backend.structured.automaton import Automaton
from janus_lab.adapters.backend.structured.constraint import Constraint, TokenBytes
from janus_lab.adapters.backend.structured.schema import schema_expression

SCHEMAS_KEPT = 16


class Constraints:
    """Opens constraints for one vocabulary, which is gone through at the first one. Safe to call from several threads."""

    def __init__(self, tokens: Callable[[], TokenBytes]) -> None:
        self._make = tokens
        self._tokens: TokenBytes | None = None
        self._known: OrderedDict[str, Automaton] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, schema: str) -> Constraint:
        """A constraint for one reply. Raises GrammarRefused for a schema that can't be kept to, before anything is generated."""
        with self._lock:
            if self._tokens is None:
                self._tokens = self._make()
            automaton = self._known.pop(schema, None) or Automaton(schema_expression(schema))
            self._known[schema] = automaton
            while len(self._known) > SCHEMAS_KEPT:
                self._known.popitem(last=False)
        return Constraint(automaton, self._tokens)
