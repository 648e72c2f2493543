"""Compares values with JSON schemas: as the package jsonschema does, but fetching nothing, and within bounds.

That package looks for patterns by backtracking, which may never end. So here our own search takes the place of every such look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from janus_lab.adapters.backend.structured.effort import OF_A_VALUE, Effort
from janus_lab.adapters.backend.structured.pattern_search import PatternSearch
from janus_lab.errors import GrammarRefused, MissingPackage

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

    Keyword = Callable[[Validator, Any, Any, Any], Iterator[ValidationError]]

_VALUES = ("const", "enum", "default", "examples")
"""What stands under these is no schema."""
_SHOWN = 160


def validator(schema: Any) -> Validator:
    """What compares values with a schema.

    Raises GrammarRefused for what is no schema, and for patterns that can't be looked for within bounds; comparing raises it
    where that would take too long.
    """
    try:
        # A second of work, which most models are never asked for.
        from jsonschema.exceptions import SchemaError
        from jsonschema.validators import Draft202012Validator, extend, validator_for
        from referencing import Registry
    except ImportError as error:
        raise MissingPackage(
            "replies that keep a schema need the package jsonschema", remedy="pip install 'janus-lab[starter]'"
        ) from error
    kind = validator_for(schema, Draft202012Validator)
    try:
        kind.check_schema(schema)
    except (SchemaError, RecursionError) as error:
        raise GrammarRefused(f"the schema is not valid: {one_line(error)}", remedy="correct it, then repeat") from error
    search = _Search(schema)
    bounded = extend(
        kind,
        {
            "pattern": search.pattern,
            "patternProperties": search.pattern_properties,
            "additionalProperties": search.additional_properties,
        },
    )
    # Where a part of the schema names another draft, the package would go on with that one, without our search.
    bounded.evolve = search.evolve
    found: Validator = bounded(schema, registry=Registry())
    return found


def one_line(error: Exception) -> str:
    """What an error of the package says, short and printable."""
    text = str(getattr(error, "message", error))
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SHOWN]


class _Search:
    """The patterns of one schema, and how its values are compared with them."""

    def __init__(self, schema: Any) -> None:
        self._effort = Effort()
        self._searches: dict[str, PatternSearch] = {}
        names = set[str]()
        for part in _objects(schema):
            names.update(part)
            self._learn(part)
        if {"patternProperties", "unevaluatedProperties"} <= names:
            raise GrammarRefused(
                "a reply can't be checked by 'unevaluatedProperties' beside 'patternProperties'",
                remedy="use 'additionalProperties' in its place",
            )

    def pattern(self, check: Validator, pattern: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
        """Strings in which the pattern is found."""
        if check.is_type(value, "string") and not self._found(pattern, value):
            yield _wrong(f"{value[:_SHOWN]!r} does not match {pattern!r}")

    def pattern_properties(
        self, check: Validator, schemas: Mapping[str, Any], value: Any, _schema: Any
    ) -> Iterator[ValidationError]:
        """Properties in whose name a pattern is found, each as the schema beside that pattern says."""
        if check.is_type(value, "object"):
            for pattern, schema in schemas.items():
                for name in value:
                    if self._found(pattern, name):
                        yield from check.descend(value[name], schema, path=name, schema_path=pattern)

    def additional_properties(
        self, check: Validator, rest: Any, value: Any, schema: Mapping[str, Any]
    ) -> Iterator[ValidationError]:
        """Properties that neither a name nor a pattern of the schema means."""
        if not check.is_type(value, "object"):
            return
        named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        for name in value:
            if name in named or any(self._found(pattern, name) for pattern in patterns):
                continue
            if rest is False:
                yield _wrong(f"additional properties are not allowed ({name!r} was unexpected)")
            else:
                yield from check.descend(value[name], rest, path=name)

    @property
    def evolve(self) -> Callable[..., Validator]:
        """In place of the package's own: what compares with one part of the schema, by the same rules."""
        from attrs import evolve

        def evolved(check: Validator, **changes: Any) -> Validator:
            self._effort.spend(OF_A_VALUE)
            return evolve(check, **changes)

        return evolved

    def _learn(self, part: Mapping[str, Any]) -> None:
        several = part.get("patternProperties")
        for pattern in (part.get("pattern"), *(several if isinstance(several, dict) else ())):
            if isinstance(pattern, str):
                self._searches[pattern] = PatternSearch(pattern)

    def _found(self, pattern: str, text: str) -> bool:
        search = self._searches.get(pattern)
        if search is None:
            search = self._searches[pattern] = PatternSearch(pattern)
        return search.found_in(text, self._effort)


def _wrong(message: str) -> ValidationError:
    from jsonschema.exceptions import ValidationError

    return ValidationError(message)


def _objects(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in a schema that may be a schema itself."""
    pending = [schema]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            yield part
            pending.extend(inner for name, inner in part.items() if name not in _VALUES)
        elif isinstance(part, list):
            pending.extend(part)
