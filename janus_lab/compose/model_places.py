"""Addresses of models as people write them, looked at before a model is made known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from janus_lab.compose.catalogs import open_catalog
from janus_lab.errors import CorruptFile, NotFound, UnknownScheme, UserError
from janus_lab.schemes import TABLES
from janus_lab.settings import Settings
from janus_lab.values.model import ModelRecord, ModelTask
from janus_lab.values.path import user_path

_FORMS = "file:///path, a path, hf://organisation/repository/file, package://distribution/file, or a server's http://host:port/v1"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?!\d)")
_HOST = re.compile(r"(?:[\w.-]+|\[[\da-fA-F:]+\]):\d+(?:/.*)?")
"""What stands where somebody left out a server's scheme."""
_FILES = ("file", "llama-server")
_MAGIC, _GGUF = b"GGUF", ".gguf"


def placed(settings: Settings, record: ModelRecord) -> ModelRecord:
    """The record with its address as it is kept. Raises UserError, UnknownScheme, NotFound or CorruptFile for one that leads nowhere.

    A server need not be there yet, nor what a hub holds; nor a file, where the workers may be on another machine.
    """
    uri = _with_scheme(record.uri.strip())
    scheme, _, rest = uri.partition(":")
    if scheme not in TABLES[record.task.value]:
        raise UnknownScheme(f"there are no models at {scheme}:// addresses", remedy=f"give {_FORMS}")
    look = _LOOKS.get(scheme)
    if look is not None:
        look(uri)
    elif scheme in (*_FILES, "package"):
        uri = _file(settings, replace(record, uri=uri))
    elif not rest.strip("/"):
        raise UserError(f"{uri} names no model", remedy="write vllm://organisation/repository")
    return replace(record, uri=uri)


def _with_scheme(text: str) -> str:
    """The address itself; a path on this machine as a file's address."""
    if found := _SCHEME.match(text):
        return found[1].lower() + text[found.end(1) :]
    path = user_path(text)
    if text and path.exists():
        return path.absolute().as_uri()
    if _HOST.fullmatch(text):
        raise UserError(f"{text} has no scheme", remedy=f"for a server of models write http://{text.rstrip('/')}")
    if text and ("/" in text or path.suffix):
        raise NotFound(f"there is no file {path.absolute()}", remedy=f"correct the path, or give {_FORMS}")
    raise UserError(f"{text!r} says nothing of where a model is", remedy=f"give {_FORMS}")


def _file(settings: Settings, record: ModelRecord) -> str:
    """The address of a file that was looked at."""
    parts = urlsplit(record.uri)
    scheme, path = parts.scheme, Path(unquote(parts.path))
    if scheme in _FILES and parts.netloc not in ("", "localhost"):
        meant = f"{scheme}:///{parts.netloc}{parts.path}"
        raise UserError(f"{record.uri} names a machine, {parts.netloc}", remedy=f"write three slashes: {meant}")
    if scheme in _FILES and not path.is_absolute():
        raise UserError(f"{record.uri} is no whole path", remedy=f"write {scheme}://{path.absolute()}")
    if scheme in _FILES and path.is_dir():
        raise UserError(f"{path} is a folder", remedy="name the model's file in it")
    try:
        file = open_catalog(settings).first_file(record.uri)
    except NotFound as error:
        if not settings.own_server:
            return record.uri
        raise NotFound(error.message, remedy=f"correct the address, or put the model's file at {path}") from error
    _require_gguf(record, file)
    return record.uri


def _require_gguf(record: ModelRecord, file: Path) -> None:
    """Only GGUF files hold models that write; those that embed or rank have other forms too, told by the file's ending."""
    if record.task is not ModelTask.GENERATION and file.suffix != _GGUF:
        return
    with file.open("rb") as opened:
        begins = opened.read(len(_MAGIC))
    if begins != _MAGIC:
        raise CorruptFile(
            f"{file} is no GGUF file", remedy="give a model's .gguf file; one in another format can be run by a server"
        )


def _server(uri: str) -> None:
    from janus_lab.adapters.backend.openai_address import address

    address(uri)


def _hub(uri: str) -> None:
    from janus_lab.adapters.hub.address import HubAddress

    HubAddress.parse(uri)


_LOOKS: dict[str, Callable[[str], None]] = {"http": _server, "https": _server, "hf": _hub}
