"""The values that a schema lists, of which those beside it may forbid some."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from janus_lab.errors import GrammarRefused

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

VALUES_AT_MOST = 2_000


def allowed_values(words: Mapping[str, Any], whole: Callable[[], Validator]) -> list[Any]:
    """Each value of `words`' list once, of those that its other words allow; `whole` compares with the schema they are part of."""
    listed = {json.dumps(value): value for value in words["enum"]}
    if len(listed) > VALUES_AT_MOST:
        raise GrammarRefused(
            f"the schema lists {len(listed):,} values at one place", remedy=f"list at most {VALUES_AT_MOST:,}"
        )
    others = {name: value for name, value in words.items() if name != "enum"}
    if not others:
        return list(listed.values())
    check = whole().evolve(schema=others)
    return [value for value in listed.values() if check.is_valid(value)]
