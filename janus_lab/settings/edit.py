"""Changes to a `janus.toml` that leave every other line, comment and blank as its writer left it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from janus_lab.errors import SettingsError
from janus_lab.settings.places import FILE, settings_file, settings_folders
from janus_lab.settings.profiles import TABLES
from janus_lab.values.replacing import replace_text

_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)
_PROFILE = re.compile(r"""^([ \t]*profile[ \t]*=[ \t]*)("[^"\n]*"|'[^'\n]*')""", re.MULTILINE)


def save_profile(home: Path, name: str) -> Path:
    """Let `name` be the profile of a data directory from now on; the file that says so. Raises SettingsError."""
    file = _file_of_profile(home)
    text = text_of(file)
    end = match.start() if (match := _HEADER.search(text)) else len(text)
    head, tables = text[:end], text[end:]
    if _PROFILE.search(head):
        head = _PROFILE.sub(lambda found: f'{found[1]}"{name}"', head, count=1)
    else:
        gap = "" if not head or head.endswith("\n") else "\n"
        head = f'{head}{gap}profile = "{name}"\n' + ("\n" if tables else "")
    write_meant(file, head + tables, {**content_of(text, file), "profile": name})
    return file


def add_profile(file: Path, name: str, lines: str) -> bool:
    """Add the table of profile `name`, whose settings are `lines`; False if it has one already. Raises SettingsError."""
    text = text_of(file)
    content = content_of(text, file)
    tables = content.get(TABLES, {})
    if name in tables:
        return False
    gap = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    table = f"[{TABLES}.{name}]\n{lines}"
    write_meant(file, text + gap + table, {**content, TABLES: {**tables, **tomllib.loads(table)[TABLES]}})
    return True


def _file_of_profile(home: Path) -> Path:
    """The file whose `profile` counts, else the one a person would edit."""
    for folder in reversed(settings_folders(home)):
        if "profile" in content_of(text_of(folder / FILE), folder / FILE):
            return folder / FILE
    return settings_file(home)


def text_of(file: Path) -> str:
    """What a settings file holds; "" for one that is not there. Raises SettingsError."""
    try:
        # As bytes: the ends of lines stay what they are.
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} can't be read: {error}", remedy=f"correct or remove {file}") from error


def content_of(text: str, file: Path) -> dict[str, Any]:
    """The settings and tables that `text`, which `file` holds, means. Raises SettingsError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} can't be read: {error}", remedy=f"correct or remove {file}") from error


def write_meant(file: Path, text: str, meant: dict[str, Any]) -> None:
    """Write `text` unless it says something else than what is meant: strings of many lines may look like anything."""
    if _content_or_none(text) != meant:
        raise SettingsError(
            f"{file} is written in a way that Janus does not dare to edit",
            remedy=f"edit it yourself: `profile = …` stands above every table, a profile's settings below [{TABLES}.NAME]",
        )
    try:
        replace_text(file, text)
    except OSError as error:
        raise SettingsError(
            f"{file} can't be written: {error.strerror or error}", remedy=f"give yourself write permission on {file}"
        ) from error


def _content_or_none(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
