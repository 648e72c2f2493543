"""What the values of single keys mean, as JSON-ready facts and members. Whatever they raise means: it is no such value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from janus_lab.adapters.keyspace.contents import Contents

Decoded: TypeAlias = tuple[Mapping[str, Any], tuple[Mapping[str, Any], ...]]
"""Facts about the whole, and its members."""


def nothing(_contents: Contents) -> Decoded:
    """That the key is there says it all."""
    return {}, ()


def number(contents: Contents) -> Decoded:
    """A counter."""
    return {"value": int(contents.first)}, ()


def count(contents: Contents) -> Decoded:
    """Only how many there are matters."""
    return {"rings": len(contents.pairs)}, ()


def claim(contents: Contents) -> Decoded:
    """Who holds it, under which fencing number."""
    fields = contents.fields
    return {"holder": fields["holder"], "fence": int(fields["fence"])}, ()


def worker(contents: Contents) -> Decoded:
    """What a worker tells of itself."""
    return dict(json.loads(contents.first)), ()


def workers(contents: Contents) -> Decoded:
    """Names by when they were last heard of."""
    return {}, tuple({"name": _text(name), "heard_at": float(at)} for name, at in contents.pairs)


def events(contents: Contents) -> Decoded:
    """A run's events, newest first."""
    return {}, tuple(
        {"at": float(fields[b"at"]), "event": _text(fields[b"kind"]), "data": json.loads(fields[b"data"])}
        for _, fields in contents.entries
    )


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
