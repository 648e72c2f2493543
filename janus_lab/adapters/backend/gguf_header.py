"""What stands before the weights in a GGUF file: metadata and a list of tensors.

The gguf package's reader makes an array of every single token, which takes a minute's half and gigabytes for a large vocabulary; this
one keeps of long lists only how long they are. A file is a stranger's: every count is bounded before anything is made of it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gguf.constants import GGML_QUANT_SIZES, GGUF_DEFAULT_ALIGNMENT, GGMLQuantizationType, GGUFValueType

from janus_lab.errors import CorruptFile, NotFound

Scalar = int | float | bool | str
Value = Scalar | tuple[Scalar, ...]

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_ENTRIES = 65_536
_TENSORS = 1 << 20
_DIMENSIONS = 4
_KEY_BYTES = 65_535
_TEXT_BYTES = 1 << 20
_LIST_VALUES = 4096
_LIST_TEXTS = 64
_HEADER_BYTES = 1 << 30
_PIECE = 1 << 20
_FORMATS: Mapping[int, str] = {
    GGUFValueType.UINT8: "<B",
    GGUFValueType.INT8: "<b",
    GGUFValueType.UINT16: "<H",
    GGUFValueType.INT16: "<h",
    GGUFValueType.UINT32: "<I",
    GGUFValueType.INT32: "<i",
    GGUFValueType.FLOAT32: "<f",
    GGUFValueType.BOOL: "<?",
    GGUFValueType.UINT64: "<Q",
    GGUFValueType.INT64: "<q",
    GGUFValueType.FLOAT64: "<d",
}
_COUNT = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor's name, its dimensions (the shortest stride first, as GGUF has it), its format, and its bytes in the file."""

    name: str
    dimensions: tuple[int, ...]
    format: str
    size: int


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """Metadata by key without what is long, the lengths of all lists by key, and every tensor."""

    metadata: Mapping[str, Value]
    lengths: Mapping[str, int]
    tensors: tuple[Tensor, ...]


def read_header(path: Path) -> GgufHeader:
    """The header of a GGUF file of version 2 or 3. Raises CorruptFile for anything else or one that is cut off, or NotFound."""
    try:
        with path.open("rb") as file:
            return _Reading(file, path).header()
    except OSError as error:
        raise NotFound(
            f"{path.name} can't be read: {error.strerror or error}",
            remedy=f"put the file at {path} and make it readable",
        ) from error


class _Reading:
    """One file, read from its beginning in pieces."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._piece = b""
        self._at = 0
        self._read = 0
        self._metadata: dict[str, Value] = {}
        self._lengths: dict[str, int] = {}

    def header(self) -> GgufHeader:
        if self._take(4) != _MAGIC:
            raise self._corrupt("it does not begin as GGUF files do")
        version = self._number(GGUFValueType.UINT32)
        if version not in _VERSIONS:
            raise self._corrupt("it is written for another kind of machine, or in a version that is not known")
        tensors, entries = self._count(_TENSORS, "tensors"), self._count(_ENTRIES, "entries")
        for _ in range(entries):
            self._entry()
        listed = tuple(self._tensor() for _ in range(tensors))
        self._check_length(listed)
        return GgufHeader(self._metadata, self._lengths, listed)

    def _entry(self) -> None:
        key = self._text(_KEY_BYTES)
        kind = self._kind()
        if kind == GGUFValueType.ARRAY:
            self._list(key)
        elif kind != GGUFValueType.STRING:
            self._metadata[key] = self._number(kind)
        elif (text := self._short_text()) is not None:
            self._metadata[key] = text

    def _list(self, key: str) -> None:
        kind, length = self._kind(), self._count(_HEADER_BYTES, "values")
        self._lengths[key] = length
        if kind == GGUFValueType.STRING:
            texts = [self._short_text() for _ in range(length)] if length <= _LIST_TEXTS else self._skip_texts(length)
            self._metadata[key] = tuple(text for text in texts if text is not None)
            return
        if kind == GGUFValueType.ARRAY:
            raise self._corrupt("it has lists of lists")
        if length <= _LIST_VALUES:
            self._metadata[key] = tuple(self._number(kind) for _ in range(length))
        else:
            self._skip(length * struct.calcsize(_FORMATS[kind]))

    def _tensor(self) -> Tensor:
        name = self._text(_KEY_BYTES)
        dimensions = self._number(GGUFValueType.UINT32)
        if dimensions > _DIMENSIONS:
            raise self._corrupt(f"it has a tensor of {dimensions} dimensions")
        shape = tuple(_COUNT.unpack(self._take(8))[0] for _ in range(int(dimensions)))
        try:
            kind = GGMLQuantizationType(int(self._number(GGUFValueType.UINT32)))
        except ValueError as error:
            raise self._corrupt("its weights are in a format that is not known") from error
        self._take(8)
        block, size = GGML_QUANT_SIZES[kind]
        return Tensor(name, shape, kind.name, math.prod(shape) // block * size)

    def _check_length(self, tensors: tuple[Tensor, ...]) -> None:
        """Whether the weights are there. Each begins at a multiple of the alignment."""
        alignment = self._metadata.get("general.alignment", GGUF_DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or not 0 < alignment <= _PIECE:
            raise self._corrupt("it says nothing usable about where its weights begin")
        needed = self._read - len(self._piece) + self._at
        for tensor in tensors:
            needed = math.ceil(needed / alignment) * alignment + tensor.size
        there = self._path.stat().st_size
        if there < needed:
            raise self._corrupt(f"it holds {there} of {needed} bytes")

    def _kind(self) -> int:
        kind = int(self._number(GGUFValueType.UINT32))
        if kind not in _FORMATS and kind not in (GGUFValueType.STRING, GGUFValueType.ARRAY):
            raise self._corrupt("it has an entry of a kind that is not known")
        return kind

    def _number(self, kind: int) -> int | float | bool:
        form = _FORMATS[kind]
        found: int | float | bool = struct.unpack(form, self._take(struct.calcsize(form)))[0]
        return found

    def _count(self, most: int, what: str) -> int:
        count: int = _COUNT.unpack(self._take(8))[0]
        if count > most:
            raise self._corrupt(f"it says that it has {count} {what}")
        return count

    def _text(self, most: int) -> str:
        return self._take(self._count(most, "bytes in a name")).decode("utf-8", "replace")

    def _short_text(self) -> str | None:
        """A text, or None for one that is too long to be kept."""
        length = self._count(_HEADER_BYTES, "bytes in a text")
        if length <= _TEXT_BYTES:
            return self._take(length).decode("utf-8", "replace")
        self._skip(length)
        return None

    def _skip_texts(self, count: int) -> tuple[()]:
        unpack, piece, at = _COUNT.unpack_from, self._piece, self._at
        for _ in range(count):
            if at + 8 > len(piece):
                self._at = at
                self._fill(8)
                piece, at = self._piece, self._at
            at += 8 + unpack(piece, at)[0]
            if at > len(piece):
                self._at = len(piece)
                self._skip(at - len(piece))
                piece, at = self._piece, self._at
        self._at = at
        return ()

    def _take(self, size: int) -> bytes:
        self._fill(size)
        begin, self._at = self._at, self._at + size
        return self._piece[begin : self._at]

    def _skip(self, size: int) -> None:
        while size > 0:
            self._fill(min(size, _PIECE))
            step = min(size, len(self._piece) - self._at)
            self._at += step
            size -= step

    def _fill(self, size: int) -> None:
        """Have at least so many bytes at hand. Raises CorruptFile where the file ends before."""
        if len(self._piece) - self._at >= size:
            return
        left = self._piece[self._at :]
        read = self._file.read(max(size - len(left), _PIECE))
        self._read += len(read)
        self._piece, self._at = left + read, 0
        if len(self._piece) < size or self._read > _HEADER_BYTES:
            raise self._corrupt(
                "it ends before its weights begin" if len(self._piece) < size else "its header is endless"
            )

    def _corrupt(self, why: str) -> CorruptFile:
        return CorruptFile(
            f"{self._path.name} is no whole GGUF file: {why}", remedy="fetch it again, or name another model"
        )
