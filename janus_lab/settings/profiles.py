"""Profiles: sets of settings that count together, `[profiles.NAME]` in `janus.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from janus_lab.errors import SettingsError
from janus_lab.settings.places import FILE, settings_folders
from janus_lab.settings.settings import Settings

EMBEDDED = "embedded"
STACK = "stack"
TABLES = "profiles"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A `janus.toml` as it was read: what counts always, and what counts with a profile."""

    path: Path
    always: Mapping[str, Any]
    profiles: Mapping[str, Mapping[str, Any]]


def read_files(home: Path) -> list[SettingsFile]:
    """The data directory's settings files, the one that counts less first. Raises SettingsError."""
    return [_read(folder / FILE) for folder in settings_folders(home) if (folder / FILE).is_file()]


def known_profiles(home: Path) -> list[str]:
    """Names that `janus use` takes here. Raises SettingsError for a file that can't be read."""
    return _known(read_files(home))


def check_profile(settings: Settings, files: list[SettingsFile]) -> None:
    """Raises SettingsError for a profile that nobody described, and for a stack of which nothing is a server."""
    known = _known(files)
    if settings.profile not in known:
        raise SettingsError(
            f"there is no profile {settings.profile!r}",
            remedy=f"use one of: {', '.join(known)}; or describe it in {FILE} under [{TABLES}.{settings.profile}]",
        )
    if settings.profile == STACK and not settings.servers():
        raise SettingsError(
            f"the profile {STACK} means servers, and no setting names one",
            remedy=f"`janus init --stack` writes their URLs into {FILE}, or put yours there under [{TABLES}.{STACK}]",
        )


def _known(files: list[SettingsFile]) -> list[str]:
    return list(dict.fromkeys([EMBEDDED, STACK, *(name for file in files for name in sorted(file.profiles))]))


def _read(path: Path) -> SettingsFile:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} can't be read: {error}", remedy=f"correct or remove {path}") from error
    tables = content.pop(TABLES, {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise SettingsError(
            f"{path}: {TABLES} holds something that is no table",
            remedy=f"write [{TABLES}.NAME], then settings below it",
        )
    return SettingsFile(path, content, tables)
