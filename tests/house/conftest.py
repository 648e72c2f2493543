"""What the house tests look at: the repository's own files."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ("janus_lab", "magics", "lua")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's top folder."""
    return ROOT


@pytest.fixture(scope="session")
def uv() -> str:
    """The uv that made this environment."""
    found = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    assert found is not None, "uv is missing: `make test` brings it"
    return found


@pytest.fixture(scope="session")
def code_files() -> list[Path]:
    """Every file of the product's code: Python, Lua, scripts and styles of the notebook face."""
    suffixes = {".py", ".lua", ".js", ".css"}
    found = [path for top in CODE for path in (ROOT / top).rglob("*") if path.suffix in suffixes]
    assert len(found) > 50
    return sorted(found)
