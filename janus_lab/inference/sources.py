"""Where a model's file is: inside an installed package, or anywhere on this machine."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from janus_lab.errors import MissingPackage, NotFound, UnknownScheme

UNKNOWN_LICENCE = "unknown"
_FILES = ("file", "llama-server")
_STARTER = "pip install 'janus-lab[starter]'"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that is there and can be read, and under which licence it came (an SPDX expression, or "unknown").

    `source` names the package and its version that it is in.
    """

    uri: str
    path: Path
    licence: str
    source: str = ""


def locate(uri: str) -> ModelFile:
    """The file a model URI names.

    `package://distribution/file` is a file inside an installed package, found without importing the package; `file` may
    name the end of its path. `file:///path` is a file on this machine, and so is `llama-server:///path`. Raises UnknownScheme, MissingPackage or NotFound.
    """
    parts = urlsplit(uri)
    if parts.scheme == "package":
        return _packaged(uri, parts.netloc, unquote(parts.path).strip("/"))
    if parts.scheme in _FILES and parts.netloc in ("", "localhost"):
        return ModelFile(uri, _readable(Path(unquote(parts.path)), uri), UNKNOWN_LICENCE)
    raise UnknownScheme(
        f"there is no source of models for {uri}",
        remedy="use hf://organisation/repository/file, file:///path, package://distribution/file, or a server's http://host:port/v1",
    )


def _packaged(uri: str, name: str, file: str) -> ModelFile:
    try:
        distribution = importlib.metadata.distribution(name)
    except (importlib.metadata.PackageNotFoundError, ValueError) as error:
        raise MissingPackage(f"the model {uri} needs the package {name or '(none named)'}", remedy=_STARTER) from error
    wanted = tuple(file.split("/"))
    found = [f for f in distribution.files or () if f.parts[-len(wanted) :] == wanted]
    if len(found) != 1:
        count = f"{len(found)} files" if found else "no file"
        raise NotFound(
            f"{name} {distribution.version} holds {count} that {file!r} could mean",
            remedy=f"name one of its files, or {_STARTER} --force-reinstall",
        )
    path = _readable(Path(str(distribution.locate_file(found[0]))), uri)
    return ModelFile(uri, path, _licence(distribution), f"{name} {distribution.version}")


def _licence(distribution: importlib.metadata.Distribution) -> str:
    metadata = distribution.metadata
    for field in ("License-Expression", "License"):
        stated = metadata[field].strip() if field in metadata else ""
        if stated and "\n" not in stated:
            return stated
    return UNKNOWN_LICENCE


def _readable(path: Path, uri: str) -> Path:
    """The path itself, if it is a file that can be opened."""
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise NotFound(
            f"the model {uri} can't be read: {error.strerror or error}",
            remedy=f"put the file at {path} and make it readable, or choose another model: `janus models use NAME`",
        ) from error
