"""compose.yaml as tests look at it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from engines import unavailable
from native_stack import cache, compose
from native_stack.kind import program

SCHEMA_MODULE = "github.com/compose-spec/compose-go/v2"
SCHEMA_VERSION = "v2.16.2"


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """compose.yaml with its variables as they are written."""
    return compose.document()


@pytest.fixture(scope="session")
def values() -> dict[str, str]:
    """A value for every variable that compose.yaml requires."""
    return compose.fresh_passwords()


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    """The compose specification's own schema, out of the module that Docker Compose reads its files with."""
    go = program("go", folders=("/usr/local/go/bin", "/opt/homebrew/bin"))

    def bring(folder: Path) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "GOPATH", "GOMODCACHE", "GOPROXY") if name in os.environ}
        done = subprocess.run(
            [str(go), "mod", "download", "-json", f"{SCHEMA_MODULE}@{SCHEMA_VERSION}"],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            timeout=240,
            env={**kept, "HOME": str(cache.HOME)},
        )
        if done.returncode:
            unavailable(f"the compose specification's schema can't be had: {done.stderr or done.stdout}")
        shutil.copy(Path(json.loads(done.stdout)["Dir"]) / "schema" / "compose-spec.json", folder)

    if go is None and not cache.kept("compose-schema", SCHEMA_VERSION).is_dir():
        unavailable("Go is not installed, and the compose specification's schema comes with it")
    text = (cache.brought("compose-schema", SCHEMA_VERSION, bring) / "compose-spec.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
