"""What suits this machine, written into `janus.toml` and `.env` between a person's own lines, none of which is ever changed."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from janus_lab.errors import SettingsError
from janus_lab.settings.dotenv import read_dotenv
from janus_lab.settings.edit import content_of, text_of, write_meant
from janus_lab.settings.own_lines import marked, own_names, with_own
from janus_lab.settings.places import SECRETS, settings_file
from janus_lab.settings.profiles import TABLES, SettingsFile, read_files
from janus_lab.settings.variables import ENVIRONMENT_PREFIX
from janus_lab.values.hardware import Advice, Kept, ProfileWritten
from janus_lab.values.replacing import replace_text

_HEADER = re.compile(r"[ \t]*\[")
_OWNERS = 0o700
_Theirs = Mapping[str, Mapping[str, str]]
"""Where a person set what, by table and name."""
_COLUMN = 32


def write_profile(home: Path, profile: str, settings: Sequence[Advice], servers: Sequence[Advice]) -> ProfileWritten:
    """Write the lines that suit the machine; those of an earlier time are replaced or go. A second time changes nothing.

    A setting that a person set, here or in another file that counts with `profile`, is kept. `servers` go into `.env`.
    Raises SettingsError for files that can't be read, written, or safely edited.
    """
    file = settings_file(home)
    kept: list[Kept] = []
    table = f"{TABLES}.{profile}"
    diffs = [_write_settings(file, table, settings, _theirs(home, file, table), kept)]
    if servers:
        diffs.append(_write_variables(file.parent / SECRETS, servers, kept))
    outranked = [one.name for one in (*settings, *servers) if _variable(one.name) in os.environ]
    notes = [f"{_variable(name)} in the environment outranks the file" for name in outranked]
    changed = [(place, diff) for place, diff in diffs if diff]
    if changed:
        notes.append(
            "an engine room that runs keeps what it was started with: `janus down`, and its next start takes this"
        )
    return ProfileWritten(
        tuple(str(place) for place, _ in changed), "".join(diff for _, diff in changed), tuple(kept), tuple(notes)
    )


def _variable(name: str) -> str:
    return name if name.startswith(ENVIRONMENT_PREFIX) else f"{ENVIRONMENT_PREFIX}{name.upper()}"


def _theirs(home: Path, file: Path, table: str) -> _Theirs:
    """What a person set above all tables, and in `table`; Janus's own lines in `file` are none of this."""
    above: dict[str, str] = {}
    within: dict[str, str] = {}
    for each in read_files(home):
        ours = _own_by_table(each) if each.path == file else {}
        above |= {name: str(each.path) for name in each.always if name not in ours.get("", ())}
        content = each.profiles.get(table.removeprefix(f"{TABLES}."), {})
        within |= {name: f"[{table}] in {each.path}" for name in content if name not in ours.get(table, ())}
    # What a person set above all tables would be outranked by a line in one.
    return {"": above, table: above | within}


def _own_by_table(file: SettingsFile) -> dict[str, set[str]]:
    return {table: own_names(lines) for table, lines in _sections(_lines(text_of(file.path)))}


def _sections(lines: list[str]) -> list[tuple[str, list[str]]]:
    """The lines above all tables, and those of each table with its header, by the table's name."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in lines:
        if _HEADER.match(line):
            found.append((_table_name(line), []))
        found[-1][1].append(line)
    return found


def _table_name(line: str) -> str:
    return re.sub(r"[\s\"']", "", line.partition("#")[0]).strip("[]")


def _write_settings(
    file: Path, table: str, settings: Sequence[Advice], theirs: _Theirs, kept: list[Kept]
) -> tuple[Path, str]:
    """The file and its difference; the tables of other profiles stay as they are."""
    text = text_of(file)
    meant = content_of(text, file)
    wanted = [one for one in settings if one.name not in theirs[one.table]]
    kept += [Kept(one.name, theirs[one.table][one.name], one.value) for one in settings if one not in wanted]
    sections = _sections(_lines(text))
    if any(one.table == table for one in wanted) and table not in dict(sections):
        sections.append((table, ["", f"[{table}]"]))
    result: list[str] = []
    for name, lines in sections:
        if name not in ("", table):
            result += lines
            continue
        here = {one.name: one for one in wanted if one.table == name}
        result += with_own(lines, {setting: _setting_line(one) for setting, one in here.items()})
        _change(meant, name, own_names(lines), {setting: one.value for setting, one in here.items()})
    if result == _lines(text):
        return file, ""
    after = "\n".join(result) + "\n"
    _make_folder(file.parent)
    write_meant(file, after, meant)
    return file, _difference(file, text, after)


def _setting_line(one: Advice) -> str:
    return marked(f"{one.name} = {one.value}".ljust(_COLUMN) + f"  # {one.reason}")


def _change(content: dict[str, Any], table: str, removed: Collection[str], added: Mapping[str, Any]) -> None:
    """Let `content` mean what the file will say."""
    place = content
    for part in table.split(".") if table else ():
        place = place.setdefault(part, {}) if added else place.get(part, {})
    for name in removed:
        place.pop(name, None)
    place.update(added)


def _write_variables(file: Path, servers: Sequence[Advice], kept: list[Kept]) -> tuple[Path, str]:
    variables = read_dotenv(file)
    before = file.read_bytes().decode("utf-8")
    lines = _lines(before)
    theirs = variables.keys() - own_names(lines)
    kept += [Kept(one.name, str(file), one.value) for one in servers if one.name in theirs]
    wanted = {
        one.name: marked(f"{one.name}={one.value}".ljust(_COLUMN) + f"  # {one.reason}")
        for one in servers
        if one.name not in theirs
    }
    result = with_own(lines, wanted)
    if result == lines:
        return file, ""
    after = "\n".join(result) + "\n"
    try:
        replace_text(file, after)
    except OSError as error:
        raise SettingsError(
            f"{file} can't be written: {error.strerror or error}", remedy=f"give yourself write permission on {file}"
        ) from error
    return file, _difference(file, before, after)


def _lines(text: str) -> list[str]:
    """Lines as an editor counts them; whatever else stands at their ends stays."""
    return text.removesuffix("\n").split("\n") if text else []


def _make_folder(folder: Path) -> None:
    # What can't be made can't be written either, and that is told.
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=_OWNERS)


def _difference(file: Path, before: str, after: str) -> str:
    """Without lines around it: those are the person's, and may hold a password."""
    lines = difflib.unified_diff(_lines(before), _lines(after), str(file), str(file), n=0, lineterm="")
    return "\n".join(lines) + "\n"
