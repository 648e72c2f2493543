"""A script's header is data: its KEYS, ARGV and return codes are what the script really uses, and the shared parts before it."""

from __future__ import annotations

import hashlib
import inspect
import re
from enum import IntEnum
from pathlib import Path

import pytest

from janus_lab.adapters.leases import records
from janus_lab.adapters.redis import codes, keys, scripts

FOLDER = Path(__file__).parents[2] / "lua"
LUA = sorted(FOLDER.glob("*.lua"))
SHARED = sorted((FOLDER / "shared").glob("*.lua"))
ENUMS = {
    name: kind
    for name, kind in inspect.getmembers(codes, inspect.isclass)
    if issubclass(kind, IntEnum) and kind is not IntEnum
}
NO_KEY = {"TIME"}


def header_and_code(path: Path) -> tuple[list[str], str]:
    """The comment lines that begin a script, without their dashes, and everything below them."""
    lines = path.read_text(encoding="utf-8").splitlines()
    end = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    code = "\n".join(line.partition("--")[0] for line in lines[end:])
    return [line.removeprefix("--").strip() for line in lines[:end]], code


def numbers(kind: str, text: str) -> list[int]:
    """The indices with which a table is read, in order and once each."""
    return sorted({int(found) for found in re.findall(rf"\b{kind}\[(\d+)\]", text)})


def declared(kind: str, header: list[str]) -> dict[int, str]:
    """Index → name and meaning, as a header says it."""
    found = (re.match(rf"{kind}\[(\d+)\] +(\w+ +\S.*)", line) for line in header)
    return {int(match[1]): " ".join(match[2].split()) for match in found if match}


def parts(path: Path) -> list[Path]:
    """The shared parts that stand before a script, or before another part."""
    return [FOLDER / "shared" / f"{name}.lua" for name in scripts.parts(path.read_text(encoding="utf-8"))]


def promised(header: list[str]) -> dict[str, int]:
    """Meaning → code, from a `returns 1 taken | 0 held …` line; empty when a script returns a value and no code."""
    line = next(line for line in header if line.startswith("returns "))
    found = re.findall(r"(?:^returns|\|)\s*\{?(-?\d+)(?:,[^}|]*\})?\s+(\w+)", line)
    return {meaning.upper(): int(code) for code, meaning in found}


def enum_name(path: Path) -> str:
    """`take_claim.lua` → `TakeClaim`."""
    return path.stem.title().replace("_", "")


def test_there_are_scripts() -> None:
    assert len(LUA) >= 4


@pytest.mark.parametrize("path", LUA, ids=lambda path: path.stem)
def test_the_header_names_the_script_and_every_key_and_argument(path: Path) -> None:
    header, _ = header_and_code(path)
    assert re.match(rf"{path.stem}: \S", header[0])
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", path.stem), "scripts are called verb_noun"
    for kind in ("KEYS", "ARGV"):
        names = list(declared(kind, header))
        assert names == list(range(1, len(names) + 1))
        used = "\n".join(header_and_code(file)[1] for file in (path, *parts(path)))
        assert numbers(kind, used) == names


@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.stem)
def test_a_shared_part_names_itself_and_the_keys_that_it_uses(path: Path) -> None:
    header, code = header_and_code(path)
    assert re.match(rf"{path.stem}: \S", header[0])
    assert numbers("KEYS", code) == list(declared("KEYS", header))
    assert not numbers("ARGV", code), "arguments belong to the scripts"
    assert any(path in parts(script) for script in LUA), "no script uses it"


@pytest.mark.parametrize("path", LUA, ids=lambda path: path.stem)
def test_a_key_means_the_same_in_a_script_and_in_the_parts_before_it(path: Path) -> None:
    meant = declared("KEYS", header_and_code(path)[0])
    for part in parts(path):
        for index, meaning in declared("KEYS", header_and_code(part)[0]).items():
            assert meant[index] == meaning, part.stem


@pytest.mark.parametrize("path", LUA, ids=lambda path: path.stem)
def test_return_codes_equal_the_header_and_the_enum(path: Path) -> None:
    header, code = header_and_code(path)
    meanings = promised(header)
    if not meanings:
        assert enum_name(path) not in ENUMS
        return
    returned = {int(found) for found in re.findall(r"\breturn \{?(-?\d+)\b", code)}
    assert returned == set(meanings.values())
    assert {member.name: member.value for member in ENUMS[enum_name(path)]} == meanings


def test_every_enum_belongs_to_a_script() -> None:
    assert set(ENUMS) <= {enum_name(path) for path in LUA}


@pytest.mark.parametrize("path", [*LUA, *SHARED], ids=lambda path: path.stem)
def test_every_key_comes_from_the_caller(path: Path) -> None:
    _, code = header_and_code(path)
    for command, first in re.findall(r"redis\.p?call\('(\w+)'(?:,\s*([^,)]+))?", code):
        assert command not in {"KEYS", "SCAN", "FLUSHALL", "FLUSHDB", "EVAL"}
        if command not in NO_KEY:
            assert first.startswith("KEYS["), f"{command} touches a key that the caller did not name"
    assert "os.time" not in code, "the clock is the server's"


LEASE_RECORDS = {"5": "f027cb1efdfbc2c1"}
"""By format, what the descriptions of the keys of leases and the code that reads and writes them come to."""


def test_the_format_of_leases_is_raised_with_what_their_keys_hold() -> None:
    """After a change that leaves what is kept readable by those who run already, note its digest; else raise LEASES_FORMAT, too."""
    kept = [FOLDER / f"{name}.lua" for name in ("shared/records", "shared/resources", "request_lease", "release_lease")]
    described = [line for path in kept for line in header_and_code(path)[0] if line.startswith("KEYS[")]
    code = [header_and_code(path)[1] for path in kept] + [inspect.getsource(records)]
    written = hashlib.sha256("\n".join([*described, *code]).encode()).hexdigest()[:16]
    assert {keys.LEASES_FORMAT: written} == LEASE_RECORDS
