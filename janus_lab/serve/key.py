"""The key that a client must show."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from janus_lab.errors import SettingsError

FILE = "serve.key"
SHORTEST = 16


@dataclass(frozen=True, slots=True)
class Key:
    """A key, where it is kept, and whether it was made just now. Its repr does not show it."""

    value: str = field(repr=False)
    place: str
    fresh: bool = False


def find_key(home: Path, variable: str = "") -> Key:
    """The key in an environment variable, else the one in the data directory, which is made if there is none.

    Raises SettingsError for a key that is missing, short, or open to other users.
    """
    if variable:
        return Key(_fit(os.environ.get(variable, ""), f"the environment variable {variable}"), variable)
    file = home / FILE
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return Key(_fit(_read(file), str(file)), str(file))
    except OSError as error:
        raise _unwritable(file, error) from error
    made = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(f"{made}\n")
    return Key(made, str(file), fresh=True)


def _read(file: Path) -> str:
    try:
        if file.stat().st_mode & 0o077:
            raise SettingsError(f"other users can read the key in {file}", remedy=f"run `chmod 600 {file}`")
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise _unwritable(file, error) from error


def _fit(value: str, place: str) -> str:
    key = value.strip()
    if len(key) < SHORTEST or not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError(
            f"{place} holds no key of at least {SHORTEST} letters, digits and signs",
            remedy="put one there, or leave it out and let `janus serve` make one",
        )
    return key


def _unwritable(file: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"the key can't be kept in {file}: {error.strerror}",
        remedy=f"make {file} a file that you can read and write, or use --key-env NAME",
    )
