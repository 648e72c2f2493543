"""Models from a Hugging Face hub."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from huggingface_hub import HfApi, constants, get_session, get_token, hf_hub_url
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # public, loaded lazily

from janus_lab.adapters.disk import disk_errors
from janus_lab.adapters.hub.address import HubAddress
from janus_lab.adapters.hub.arriving import Answer
from janus_lab.adapters.hub.cache_folder import CacheFolder
from janus_lab.adapters.hub.refusals import offline, translated
from janus_lab.adapters.hub.repository import (
    UNKNOWN_LICENCE,
    Repository,
    architectures_of_config,
    ask_for,
    licence_of_card,
)
from janus_lab.adapters.hub.selection import CARD, CONFIG, select
from janus_lab.adapters.hub.transfer import Transfer, Wanted
from janus_lab.errors import DiskFull, JanusError, NotFound, RunCancelled
from janus_lab.ports.model_hub import ModelHub, Progress
from janus_lab.values.gguf_parts import joined_hash
from janus_lab.values.model import HubModel, ModelFiles
from janus_lab.values.shown_url import shown_url

_TIMEOUT_SECONDS = 10.0
_HEX_SHA256 = 64
_PROGRAM = "janus-lab"
_SPARE_BYTES = 64 << 20


@contextmanager
def open_hub(
    url: str, *, hash_of: Callable[[Path], str], offline: bool = False, cache: Path | None = None
) -> Iterator[ModelHub]:
    """The hub at `url`, with the cache of Hugging Face's clients (`HF_HOME`, `HF_HUB_CACHE`), or the one at `cache`.

    `hash_of` gives a file's SHA-256, and may remember it. With `offline`, or HF_HUB_OFFLINE, the hub is never asked. Who is
    logged in (`hf auth login`, `HF_TOKEN`) is told to a hub that is reached through TLS alone.
    """
    # What else runs on this machine is nobody's business.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    yield HuggingfaceHub(url.rstrip("/"), hash_of, offline=offline or constants.is_offline_mode(), cache=cache)


@dataclass(frozen=True, slots=True)
class _Found:
    """A model on this machine: its files at a commit, with their hashes."""

    folder: CacheFolder
    commit: str
    names: tuple[str, ...]
    hashes: tuple[str, ...]
    licence: str


class HuggingfaceHub:
    """Safe from several threads and processes: who fetches the same bytes waits for the other."""

    def __init__(
        self, url: str, hash_of: Callable[[Path], str], *, offline: bool = False, cache: Path | None = None
    ) -> None:
        self._url = url
        self._hash_of = hash_of
        self._offline = offline
        self._cache = cache
        self._token = (get_token() or False) if url.startswith("https://") else False
        self._api = HfApi(url, token=self._token, library_name=_PROGRAM)

    def cached(self, uri: str) -> ModelFiles | None:
        """The model's files, if all are on this machine and whole. Asks nobody."""
        address = HubAddress.parse(uri)
        folder = CacheFolder(address.repository, self._cache)
        commit = folder.commit(address)
        if not commit:
            return None
        try:
            chosen = select(address, folder.names(commit), architectures_of_config(folder.path(commit, CONFIG)))
        except NotFound:
            return None
        hashes = [self._checked(folder.path(commit, name)) for name in chosen.weights]
        if not all(hashes):
            return None
        found = _Found(folder, commit, chosen.weights, tuple(hashes), licence_of_card(folder.path(commit, CARD)))
        return self._files(address, found)

    def find(self, uri: str) -> HubModel:
        """What the URI means now; the hub is not asked for a commit that is here. Raises NotFound, ModelGated, HubUnreachable."""
        address = HubAddress.parse(uri)
        page = f"{shown_url(self._url)}/{address.repository}"
        known = self.cached(uri) if self._offline or address.pinned else None
        if known is not None and (self._offline or known.licence != UNKNOWN_LICENCE):
            return HubModel(uri, HubAddress.parse(known.uri).revision, known.licence, page)
        repository = self._repository(address)
        return HubModel(uri, repository.commit, repository.licence, page)

    def fetch(self, model: HubModel, *, progress: Progress, cancelled: Callable[[], bool]) -> ModelFiles:
        """Fetch what is missing, going on with what an earlier, broken fetch left, and check every hash.

        The files are those of the commit that was found, whatever was published since. Raises NotFound, ModelGated,
        HashMismatch, DiskFull, HubUnreachable, or RunCancelled.
        """
        address = HubAddress.parse(model.uri)
        pinned = address.at(address.file, model.commit)
        if self._offline:
            if (known := self.cached(pinned.uri)) is not None:
                return known
            raise offline(address)
        repository = self._repository(pinned)
        folder = CacheFolder(address.repository, self._cache)
        chosen = select(address, repository.files, repository.architectures)
        wanted = [repository.files[name] for name in (*chosen.beside, *reversed(chosen.weights))]
        self._require_space(folder, wanted)
        for file in wanted:
            self._fetch(address.at(file.name, repository.commit), folder, file, progress, cancelled)
        folder.remember(address.revision, repository.commit)
        hashes = tuple(self._sha256(folder, repository.files[name]) for name in chosen.weights)
        found = _Found(folder, repository.commit, chosen.weights, hashes, model.licence)
        return self._files(address, found)

    def _repository(self, address: HubAddress) -> Repository:
        if self._offline:
            raise offline(address)
        with translated(self._url, address):
            return ask_for(self._api, address, _TIMEOUT_SECONDS)

    def _fetch(
        self,
        address: HubAddress,
        folder: CacheFolder,
        file: Wanted,
        progress: Progress,
        cancelled: Callable[[], bool],
    ) -> None:
        blob = folder.blob(file.key)

        def check() -> None:
            if cancelled():
                raise RunCancelled("the run was cancelled", remedy="pull the model again: it goes on with what came")

        def told(have: int) -> None:
            progress(file.name, have, file.size)

        with disk_errors(blob), folder.alone(file.key, check):
            partial_ = blob.with_name(f"{blob.name}.incomplete")
            if self._whole(blob, file):
                partial_.unlink(missing_ok=True)
            else:
                with translated(self._url, address):
                    Transfer(file, partial_, partial(self._ask, address)).run(told, check)
                partial_.replace(blob)
            folder.point(address.revision, file.name, blob)
        told(file.size)

    def _ask(self, address: HubAddress, start: int) -> Answer:
        url = hf_hub_url(address.repository, address.file, revision=address.revision, endpoint=self._url)
        # Each byte as it is: a hash of what was packed would be another one.
        headers = build_hf_headers(token=self._token, library_name=_PROGRAM) | {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        return get_session().stream("GET", url, headers=headers, timeout=_TIMEOUT_SECONDS, follow_redirects=True)

    def _whole(self, blob: Path, file: Wanted) -> bool:
        """Whether the bytes are there; damaged ones are removed."""
        if not blob.is_file():
            return False
        if blob.stat().st_size == file.size and (not file.sha256 or self._hash_of(blob) == file.sha256):
            return True
        blob.unlink()
        return False

    def _checked(self, path: Path) -> str:
        """A file's SHA-256; "" if it is not the one that the cache names it by."""
        try:
            found = self._hash_of(path)
            named = path.resolve().name
        except (OSError, JanusError):
            return ""
        return found if len(named) != _HEX_SHA256 or named == found else ""

    def _sha256(self, folder: CacheFolder, file: Wanted) -> str:
        return file.sha256 or self._hash_of(folder.blob(file.key))

    def _require_space(self, folder: CacheFolder, wanted: list[Wanted]) -> None:
        blobs = folder.blob("")
        with disk_errors(blobs):
            blobs.mkdir(parents=True, exist_ok=True)
        missing = sum(file.size - _there(folder, file) for file in wanted)
        free = shutil.disk_usage(blobs).free
        if missing and missing + _SPARE_BYTES > free:
            raise DiskFull(
                f"the model needs {missing} bytes, and {free} are free where {blobs} lies",
                remedy="free some space, or set HF_HOME to a folder on another disk where the worker starts",
            )

    def _files(self, address: HubAddress, found: _Found) -> ModelFiles:
        paths = [found.folder.path(found.commit, name) for name in found.names]
        pinned = address.at(found.names[0], found.commit)
        size = sum(path.stat().st_size for path in paths)
        source = f"{shown_url(self._url)}/{address.repository}@{found.commit}"
        return ModelFiles(pinned.uri, tuple(map(str, paths)), size, joined_hash(found.hashes), found.licence, source)


def _there(folder: CacheFolder, file: Wanted) -> int:
    """How many of a file's bytes are here already."""
    blob = folder.blob(file.key)
    for path in (blob, blob.with_name(f"{blob.name}.incomplete")):
        if path.is_file():
            return min(file.size, path.stat().st_size)
    return 0
