"""The cache of Hugging Face's clients on this machine: blobs by their hash, and snapshots of commits that link to them."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from huggingface_hub.constants import HF_HUB_CACHE
from huggingface_hub.file_download import repo_folder_name

from janus_lab.adapters.hub.address import COMMIT, HubAddress

_LOOK_SECONDS = 0.2
_GROUP_WRITABLE = 0o664


class CacheFolder:
    """One repository's part of the cache."""

    def __init__(self, repository: str, root: Path | None = None) -> None:
        self._root = root or Path(HF_HUB_CACHE)
        self._name = repo_folder_name(repo_id=repository, repo_type="model")
        self._folder = self._root / self._name

    def commit(self, address: HubAddress) -> str:
        """The commit that an address meant when it was last asked for; "" if it never was."""
        if address.pinned:
            return address.revision
        try:
            noted = (self._folder / "refs" / address.revision).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return ""
        return noted if COMMIT.fullmatch(noted) else ""

    def names(self, commit: str) -> list[str]:
        """Files of a commit that are here."""
        snapshot = self._folder / "snapshots" / commit
        return [path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*") if path.is_file()]

    def path(self, commit: str, name: str) -> Path:
        """Where a commit's file is, or will be."""
        return self._folder / "snapshots" / commit / name

    def blob(self, key: str) -> Path:
        """Where the bytes with that hash are, or will be."""
        return self._folder / "blobs" / key

    def point(self, commit: str, name: str, blob: Path) -> None:
        """Let a commit's file be those bytes."""
        pointer = self.path(commit, name)
        pointer.parent.mkdir(parents=True, exist_ok=True)
        if pointer.exists() and pointer.samefile(blob):
            return
        made = pointer.with_name(f".{pointer.name}.{uuid.uuid4().hex[:8]}")
        try:
            made.symlink_to(os.path.relpath(blob, pointer.parent))
        except OSError:  # a file system without links
            shutil.copyfile(blob, made)
        made.replace(pointer)

    def remember(self, revision: str, commit: str) -> None:
        """Note which commit a branch or tag means."""
        note = self._folder / "refs" / revision
        note.parent.mkdir(parents=True, exist_ok=True)
        made = note.with_name(f".{note.name}.{uuid.uuid4().hex[:8]}")
        made.write_text(commit, encoding="ascii")
        made.replace(note)

    @contextmanager
    def alone(self, key: str, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the lock that all clients take who fetch these bytes; `waiting` is called now and then, and may raise."""
        place = self._root / ".locks" / self._name
        place.mkdir(parents=True, exist_ok=True)
        (self._folder / "blobs").mkdir(parents=True, exist_ok=True)
        lock = FileLock(place / f"{key}.lock", mode=_GROUP_WRITABLE)
        while True:
            waiting()
            try:
                lock.acquire(timeout=_LOOK_SECONDS)
                break
            except Timeout:
                continue
        try:
            yield
        finally:
            lock.release()
