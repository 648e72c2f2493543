"""What is in one key, read within bounds: a huge value must burden neither the server nor whoever looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from redis import Redis

LONGEST_STRING = 64 * 1024
"""So many bytes of a string are read."""
LARGEST_MEMBER = 256 * 1024
"""Members that are larger than this on average are not read at all."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A key's members as bytes: one for a string; field and value of a hash; position and item of a list; a set's members with
    nothing; a sorted set's member and score; a stream's entry id with its fields, one after the other, newest first.

    `whole` is false for a string that was cut off, and for a key whose members are too large.
    """

    type: str
    pairs: tuple[tuple[bytes, bytes], ...] = ()
    entries: tuple[tuple[bytes, dict[bytes, bytes]], ...] = ()
    whole: bool = True

    @property
    def first(self) -> bytes:
        """The value of a string; empty for a key of another type."""
        return self.pairs[0][1] if self.type == "string" and self.pairs else b""

    @property
    def fields(self) -> dict[str, str]:
        """A hash as text."""
        return {name.decode(errors="replace"): value.decode(errors="replace") for name, value in self.pairs}


def read_contents(client: Redis, name: bytes, type_: str, *, limit: int, average_bytes: float) -> Contents:
    """At most `limit` members of a key of that type; none of one whose members are huge."""
    if type_ == "string":
        value = cast(bytes, client.getrange(name, 0, LONGEST_STRING))
        return Contents(type_, ((b"", value[:LONGEST_STRING]),), whole=len(value) <= LONGEST_STRING)
    if average_bytes > LARGEST_MEMBER:
        return Contents(type_, whole=False)
    if type_ == "stream":
        newest = cast(list[tuple[bytes, dict[bytes, bytes]]], client.xrevrange(name, count=limit))
        return Contents(type_, entries=tuple(newest))
    return Contents(type_, tuple(_pairs(client, name, type_, limit)))


def _pairs(client: Redis, name: bytes, type_: str, limit: int) -> list[tuple[bytes, bytes]]:
    match type_:
        case "list":
            items = cast(list[bytes], client.lrange(name, 0, limit - 1))
            return [(str(position).encode(), item) for position, item in enumerate(items)]
        case "zset":
            scored = cast(list[tuple[bytes, float]], client.zrange(name, 0, limit - 1, withscores=True))
            return [(member, repr(score).encode()) for member, score in scored]
        case "hash":
            found: dict[Any, Any] = {}
            for field, value in client.hscan_iter(name, count=limit):
                found[field] = value
                if len(found) >= limit:
                    break
            return sorted(found.items())
        case "set":
            members: set[Any] = set()
            for member in client.sscan_iter(name, count=limit):
                members.add(member)
                if len(members) >= limit:
                    break
            return [(member, b"") for member in sorted(members)]
        case _:
            return []
