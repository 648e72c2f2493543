"""Where the engine room keeps its things, and how long a socket's path may be."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from janus_lab.errors import DataDirectoryUnusable

SOCKET_PATH_BYTES = 100
"""`sun_path` holds 107 bytes on Linux and 103 on macOS; the server needs a few for itself."""


@dataclass(frozen=True, slots=True)
class RoomPaths:
    """The files of one data directory's engine room."""

    home: Path

    @property
    def server(self) -> Path:
        """The server's own data."""
        return self.home / "server"

    @property
    def logs(self) -> Path:
        """Logs of supervisor, server and worker."""
        return self.home / "logs"

    @property
    def record(self) -> Path:
        """What the supervisor writes down about itself; see `record.py`."""
        return self.home / "engine-room.json"

    @property
    def starter_lock(self) -> Path:
        """Held by the client that is starting an engine room."""
        return self.home / "engine-room.start"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the supervisor alone: free means that there is none."""
        return self.home / "engine-room.supervisor"

    @property
    def room_lock(self) -> Path:
        """Held by supervisor, server and worker together: free means that the data has no owner at all."""
        return self.home / "engine-room.lock"

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.logs / f"{name}.log"


def socket_path(home: Path) -> Path:
    """Where the server of `home` listens: inside it, or, if that path is too long, in a private directory of this user."""
    near = home / "engine-room.sock"
    if len(os.fsencode(near)) <= SOCKET_PATH_BYTES:
        return near
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16] + ".sock"
    return _private_directory(name) / name


def _private_directory(name: str) -> Path:
    folder_name = f"janus-lab-{os.geteuid()}"
    folders = [Path(parent) / folder_name for parent in (tempfile.gettempdir(), "/tmp")]  # noqa: S108 - checked below
    for folder in folders:
        if len(os.fsencode(folder / name)) <= SOCKET_PATH_BYTES and _made_private(folder):
            return folder
    raise DataDirectoryUnusable(
        f"no private directory for a socket can be made at {folders[0]} or {folders[-1]}",
        remedy=f"remove {folders[-1]} if it is not yours, or choose a data directory with a shorter path (JANUS_HOME)",
    )


def _made_private(folder: Path) -> bool:
    """Make `folder` if need be; whether it is a real directory that only we can enter or move (else others could listen for us)."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found, parent = folder.lstat(), folder.parent.stat()
    except OSError:
        return False
    trusted = parent.st_uid in (0, os.geteuid())
    fixed = parent.st_mode & 0o022 == 0 or bool(parent.st_mode & stat.S_ISVTX)
    private = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and found.st_mode & 0o077 == 0
    return trusted and fixed and private
