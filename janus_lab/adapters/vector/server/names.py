"""What our collections are called on a server: any name of ours, hashed, behind the prefix that all of ours share."""

from __future__ import annotations

import re

from janus_lab.values.ids import content_id


def alias(prefix: str, collection: str) -> str:
    """The name under which a collection is served; it points at one of its generations."""
    return f"{prefix}-{content_id('collection', collection)}"


def physical(prefix: str, collection: str, number: int) -> str:
    """The name of a generation."""
    return f"{alias(prefix, collection)}-g{number}"


def number(prefix: str, collection: str, name: str) -> int | None:
    """The number of the generation of this name; None for everything else on the server."""
    found = re.fullmatch(re.escape(alias(prefix, collection)) + r"-g([1-9][0-9]*)", name)
    return int(found[1]) if found else None
