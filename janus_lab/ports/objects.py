"""Original bytes, under their hash."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol, runtime_checkable


class ObjectStore(Protocol):
    """Content-addressed objects: the key is the SHA-256 (64 hexadecimal digits) of the bytes."""

    def put(self, data: BinaryIO) -> str:
        """Store everything `data` yields and return its key; storing the same bytes again changes nothing."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The bytes of an object, seekable, to be closed by the caller. Raises NotFound."""
        ...

    def exists(self, key: str) -> bool:
        """Whether the object is there."""
        ...

    def size(self, key: str) -> int:
        """Its size in bytes. Raises NotFound."""
        ...

    def remove(self, key: str) -> bool:
        """Remove an object; False if it was not there."""
        ...

    def keys(self) -> Iterator[str]:
        """Every object's key, in no order."""
        ...


@runtime_checkable
class SupportsLinks(Protocol):
    """An object store whose objects can be fetched by a link that ends by itself."""

    def link(self, key: str, *, seconds: int, filename: str) -> str:
        """A URL that gives the object to anybody who has it, for so many seconds (at most seven days), as a download
        named `filename`. Raises NotFound, or UserError for a time that is out of bounds.
        """
        ...
