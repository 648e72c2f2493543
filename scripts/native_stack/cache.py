"""Where engines are kept that this package brings itself, so that each version is brought once a user."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

# The account's home, not HOME: tests change that, and an engine takes minutes to bring.
HOME = Path(pwd.getpwuid(os.getuid()).pw_dir)
ENGINES = Path(os.environ.get("XDG_CACHE_HOME") or HOME / ".cache") / "janus-lab" / "engines"


def kept(name: str, version: str) -> Path:
    """The folder of this version of an engine; there once `brought` has filled it."""
    return ENGINES / name / version


def brought(name: str, version: str, bring: Callable[[Path], None]) -> Path:
    """The folder of this version of an engine, filled by `bring(folder)` if it is not there yet.

    One process brings while others wait, and nobody sees a folder that is half filled.
    """
    folder = kept(name, version)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{version}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            aside = Path(tempfile.mkdtemp(prefix=".bringing-", dir=folder.parent))
            try:
                bring(aside)
                aside.rename(folder)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
    return folder
