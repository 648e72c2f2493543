"""A folder's files, recursively and sorted, without ever leaving it or going in circles."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from janus_lab.errors import FileForbidden, JanusError, UnreadableFile

_SKIPPED = frozenset({"__pycache__", "node_modules", "CVS", "site-packages"})
_CIRCLE = "it is a circle of symbolic links"
_ENVIRONMENT_MARK = "pyvenv.cfg"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in the folder that is not a folder, with its status (that of a link's target)."""

    path: Path
    status: os.stat_result


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the folder that can't be read."""

    path: Path
    error: OSError | JanusError


class FolderWalk:
    """Walks a folder once.

    Hidden files and folders, version control, virtual environments, package folders and the data directory `home` are
    passed over. A link is followed if its target lies in the folder and is not met anyway.
    """

    def __init__(self, top: Path, home: Path) -> None:
        self._top = top
        self._inside = top.resolve()
        self._home = home.resolve()
        self._folders: set[Path] = set()
        self._files: set[tuple[int, int]] = set()
        self._links: list[Path] = []

    def items(self) -> Iterator[Entry | Problem]:
        """Everything found: first what is really there, then what links add."""
        yield from self._walk(self._top)
        while self._links:
            links, self._links = self._links, []
            for link in links:
                yield from self._follow(link)

    def _walk(self, folder: Path) -> Iterator[Entry | Problem]:
        pending = [folder]
        while pending:
            current = pending.pop()
            if self._entered_before(current):
                continue
            try:
                with os.scandir(current) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError as error:
                yield Problem(current, error)
                continue
            if current != self._top and any(entry.name == _ENVIRONMENT_MARK for entry in entries):
                continue
            folders: list[Path] = []
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                path = Path(entry.path)
                if entry.is_symlink():
                    self._links.append(path)
                elif entry.is_dir(follow_symlinks=False):
                    if entry.name not in _SKIPPED:
                        folders.append(path)
                else:
                    yield from self._entry(path)
            pending.extend(reversed(folders))

    def _entered_before(self, folder: Path) -> bool:
        real = folder.resolve()
        if real in self._folders or real == self._home:
            return True
        self._folders.add(real)
        return False

    def _entry(self, path: Path) -> Iterator[Entry | Problem]:
        try:
            status = path.stat()
        except OSError as error:
            yield Problem(path, error)
            return
        identity = (status.st_dev, status.st_ino)
        if path.is_symlink() and identity in self._files:
            return
        self._files.add(identity)
        yield Entry(path, status)

    def _follow(self, link: Path) -> Iterator[Entry | Problem]:
        try:
            target = link.resolve(strict=True)
            is_folder = stat.S_ISDIR(target.stat().st_mode)
        except (OSError, RuntimeError) as error:  # a RuntimeError is a circle, until Python 3.13
            if isinstance(error, OSError) and error.errno != errno.ELOOP:
                yield Problem(link, error)
            else:
                yield Problem(link, UnreadableFile(_CIRCLE, remedy="remove the link"))
            return
        if not target.is_relative_to(self._inside):
            yield Problem(
                link,
                FileForbidden(
                    "it links to something outside of the folder", remedy="ingest the link's target by its own path"
                ),
            )
        elif is_folder:
            yield from self._walk(link)
        else:
            yield from self._entry(link)
