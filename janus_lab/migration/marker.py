"""The mark of a migration that is under way, in the data directory: while it is there, the target is not whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from janus_lab.errors import SettingsError
from janus_lab.values.codec import from_json, to_json
from janus_lab.values.replacing import replace_text

_FILE = "migration.json"
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Marker:
    """Which profile is carried into which, where their stores are (without passwords), and what the source held.

    `compared` says that everything is there and equal; what is left is to let the target's source index forget `forgotten`,
    origins by collection, whose embeddings the source lacks.
    """

    source: str
    target: str
    places: Mapping[str, str]
    amounts: Mapping[str, int]
    compared: bool = False
    forgotten: Mapping[str, list[str]] = field(default_factory=dict)
    damaged: tuple[str, ...] = ()


def marker_file(home: Path) -> Path:
    """Where the mark stands."""
    return home / _FILE


def read_marker(home: Path) -> Marker | None:
    """The mark of a migration that was begun and did not end. Raises SettingsError for one that can't be read."""
    file = marker_file(home)
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return from_json(Marker, data)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError, ExceptionGroup) as error:
        raise SettingsError(
            f"{file} can't be read", remedy=f"empty the target of the migration that it is about, then remove {file}"
        ) from error


def write_marker(home: Path, marker: Marker) -> None:
    """Mark a migration as under way."""
    replace_text(marker_file(home), json.dumps(to_json(marker)), mode=_PRIVATE)


def remove_marker(home: Path) -> None:
    """The migration is done."""
    marker_file(home).unlink(missing_ok=True)


def refuse_half_filled(home: Path, profile: str) -> None:
    """Raises SettingsError where `profile` is the target of a migration that did not end."""
    marker = read_marker(home)
    if marker is not None and marker.target == profile:
        raise SettingsError(
            f"a migration from {marker.source} to {profile} has not ended, so {profile} holds only a part",
            remedy=f"`janus migrate {marker.source} {marker.target}` goes on with it; or use the profile {marker.source}",
        )
