"""The stand-in as an engine that `native_stack.engine.Engine` starts, kills and restarts like any other."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from pathlib import Path

from native_stack.engine import Launch, Site

SERVICE = "qdrant"
SPARE_PORTS = 0
_TESTS = Path(__file__).parents[1]
_PATIENCE_SECONDS = 10.0


def missing() -> str | None:
    """Nothing: it consists of what every installation has."""
    return None


def url(site: Site) -> str:
    """The URL with the key of the stack."""
    return f"qdrant://:{_key(site)}@127.0.0.1:{site.port}"


def data_folder(folder: Path) -> Path:
    """Where the points of an engine in `folder` lie, and the switches for faults."""
    return folder / "data"


def launch(site: Site) -> Launch:
    """The stand-in's command; its key is in its environment."""
    data = data_folder(site.folder)
    data.mkdir(exist_ok=True)
    command = (sys.executable, "-m", "qdrant_stand_in", str(data), str(site.port))
    return Launch(command, {"STAND_IN_KEY": _key(site), "PYTHONPATH": str(_TESTS)})


def answers(site: Site) -> bool:
    """Whether it has opened all its collections."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{site.port}/readyz", timeout=_PATIENCE_SECONDS):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _key(site: Site) -> str:
    return site.values["JANUS_QDRANT_API_KEY"]
