"""Metadata as paths and values: the one reading of nested metadata on which every store's conditions rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Scalar = str | int | float | bool


def flat_metadata(metadata: Mapping[str, Any]) -> dict[str, Scalar | list[Scalar]]:
    """Nested JSON-ready metadata as one flat mapping: dots join the keys on the way down to a scalar or a list.

    A list keeps its scalars, lists within it are opened, and mappings within it lend their paths
    (`{"authors": [{"name": "Ada"}]}` gives `{"authors.name": ["Ada"]}`). Nulls, and what is no JSON, are left out.
    """
    flat: dict[str, Scalar | list[Scalar]] = {}
    for path, many, value in _walk("", metadata, many=False):
        if not many:
            flat[path] = value
            continue
        values = flat.setdefault(path, [])
        if isinstance(values, list):
            values.append(value)
    return flat


def _walk(path: str, value: Any, *, many: bool) -> Iterator[tuple[str, bool, Scalar]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(f"{path}.{key}" if path else str(key), inner, many=many)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _walk(path, inner, many=True)
    elif isinstance(value, (str, int, float)):
        yield path, many, value
