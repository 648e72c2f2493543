"""A GGUF file's metadata in the words of its architecture: numbers, lists with one entry a layer."""

from __future__ import annotations

from collections.abc import Sequence

from janus_lab.adapters.backend.gguf_header import GgufHeader, Value
from janus_lab.errors import CorruptFile

MOST_LAYERS = 4096
_MOST = 1 << 40


class GgufFacts:
    """Reads what is there, and says that something else is not there."""

    def __init__(self, header: GgufHeader, name: str) -> None:
        self._header = header
        self._name = name
        self.architecture = self.text("general.architecture")
        if not self.architecture:
            raise self.corrupt("it names no architecture")
        self.layers = self.number("block_count")
        if self.layers > MOST_LAYERS:
            raise self.corrupt(f"it says that it has {self.layers} layers")

    def corrupt(self, why: str) -> CorruptFile:
        """The error for metadata that can't be."""
        return CorruptFile(f"{self._name} is no usable model: {why}", remedy="fetch it again, or name another model")

    def text(self, key: str) -> str:
        """The text under a whole key; "" if there is none."""
        found = self._header.metadata.get(key)
        return found if isinstance(found, str) else ""

    def whole_number(self, key: str) -> int:
        """The number under a whole key; 0 if there is none."""
        return _bounded(self._header.metadata.get(key))

    def number(self, key: str, otherwise: int = 0) -> int:
        """The architecture's number; of a list with one entry a layer the greatest."""
        found = self._header.metadata.get(f"{self.architecture}.{key}")
        if isinstance(found, tuple):
            return max((_bounded(value) for value in found), default=otherwise)
        return otherwise if found is None else _bounded(found)

    def has(self, key: str) -> bool:
        """Whether the architecture's key is there."""
        return f"{self.architecture}.{key}" in self._header.metadata

    def by_layer(self, key: str, otherwise: int) -> tuple[int, ...]:
        """The architecture's number for each layer, whether it is one for all or a list."""
        found = self._header.metadata.get(f"{self.architecture}.{key}")
        if not isinstance(found, tuple):
            return (otherwise if found is None else _bounded(found),) * self.layers
        values = [_bounded(value) for value in found[: self.layers]]
        return (*values, *[otherwise] * (self.layers - len(values)))

    def length(self, key: str) -> int:
        """How long the list under a whole key is."""
        return self._header.lengths.get(key, 0)

    def listed(self, key: str) -> Sequence[Value] | None:
        """The architecture's list, if it is one."""
        found = self._header.metadata.get(f"{self.architecture}.{key}")
        return found if isinstance(found, tuple) else None


def _bounded(value: Value | None) -> int:
    """A number that is a plausible count; 0 for anything else."""
    return int(value) if isinstance(value, int) and 0 <= value <= _MOST else 0
