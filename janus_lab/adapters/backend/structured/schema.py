"""A JSON schema as an expression for the texts that it allows."""

from __future__ import annotations

import json
from collections import deque
from functools import cache
from itertools import product
from math import prod
from typing import Any

from janus_lab.adapters.backend.schema_validator import validator
from janus_lab.adapters.backend.structured.expressions import Choice, Expression, Rule, mark_dead
from janus_lab.adapters.backend.structured.schema_collections import Places
from janus_lab.adapters.backend.structured.schema_parts import Parts, parts
from janus_lab.adapters.backend.structured.schema_text import parse_schema, too_deep
from janus_lab.adapters.backend.structured.schema_types import of_type, types_of
from janus_lab.adapters.backend.structured.schema_values import allowed_values
from janus_lab.adapters.backend.structured.writing import one_of
from janus_lab.errors import GrammarRefused

PLACES_AT_MOST = 3_000
SIZE_AT_MOST = 4_000_000
"""Places, and characters of the schemas at all of them: references make much of little."""
COMBINATIONS_AT_MOST = 64


def schema_expression(text: str) -> Expression:
    """The expression for every reply that a schema allows, of those that are written plainly.

    Objects have their properties in the schema's order, and others only where `additionalProperties` says so. "{}" is any
    object. Raises GrammarRefused for a schema that is broken, too large, allows nothing, or says what can't be kept to.
    """
    whole = parse_schema(text)
    compiler = _Compiler(whole)
    try:
        root = compiler.place(whole)
        compiler.finish()
    except RecursionError as error:
        raise too_deep() from error
    mark_dead(root)
    if root.dead:
        raise GrammarRefused("the schema allows no value that ends", remedy="loosen what contradicts itself in it")
    return root


class _Compiler(Places):
    """Makes a rule for each different schema that stands somewhere; its body waits in a queue, so depth costs no stack."""

    def __init__(self, whole: Any) -> None:
        self._whole = whole
        self._check = cache(lambda: validator(whole))
        self._rules: dict[str, Rule] = {}
        self._size = 0
        self._waiting: deque[tuple[Any, Rule]] = deque()

    def place(self, schema: Any) -> Rule:
        """The rule for values that `schema` allows."""
        key = json.dumps(schema)
        found = self._rules.get(key)
        if found is None:
            self._size += len(key)
            if len(self._rules) >= PLACES_AT_MOST or self._size > SIZE_AT_MOST:
                raise GrammarRefused("the schema says too much", remedy="ask for less in one reply")
            found = self._rules[key] = Rule()
            self._waiting.append((schema, found))
        return found

    def finish(self) -> None:
        """Fill in every rule."""
        while self._waiting:
            schema, rule = self._waiting.popleft()
            rule.body = self._body(parts(schema, self._whole))

    def _body(self, found: Parts) -> Expression:
        if found.never:
            return Choice([])
        if found.choices:
            return self._chosen(found)
        if "enum" in found.words:
            return one_of(allowed_values(found.words, self._check))
        return Choice([of_type(kind, found.words, self) for kind in types_of(found.words)])

    def _chosen(self, found: Parts) -> Expression:
        """Any combination of the alternatives, each together with the words beside them."""
        if (count := prod(map(len, found.choices))) > COMBINATIONS_AT_MOST:
            raise GrammarRefused(
                f"the schema has {count:,} combinations of alternatives at one place",
                remedy=f"offer at most {COMBINATIONS_AT_MOST}",
            )
        return Choice([self.place({"allOf": [found.words, *each]}) for each in product(*found.choices)])
