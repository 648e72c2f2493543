"""Switches to make the stand-in misbehave: one JSON file in its folder, read at every request."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

VERSION = "1.16.0"
"""What the stand-in says it is: the engine inside is of this family."""
_FILE = "faults.json"
_counting = threading.Lock()


@dataclass(frozen=True, slots=True)
class Faults:
    """`status` answers requests whose path contains `path` with that code and message, `times` times (0: always)."""

    delay_seconds: float = 0.0
    status: int = 0
    message: str = "a fault that was asked for"
    path: str = ""
    times: int = 0
    after: bool = False
    """Do the work, then answer with the fault: what a broken connection looks like to a client."""
    version: str = VERSION
    collection_status: str = "green"


def set_faults(folder: Path, faults: Faults) -> None:
    """Take effect from the next request on."""
    making = folder / f"{_FILE}.new"
    making.write_text(json.dumps(asdict(faults)))
    making.replace(folder / _FILE)


def faults_in(folder: Path) -> Faults:
    """The switches as they stand."""
    path = folder / _FILE
    return Faults(**json.loads(path.read_text())) if path.exists() else Faults()


def hit(folder: Path, path: str) -> Faults | None:
    """The fault that this request meets, if any; counts it."""
    with _counting:
        faults = faults_in(folder)
        if not faults.status or faults.path not in path or faults.times < 0:
            return None
        if faults.times:
            left = faults.times - 1 or -1
            set_faults(folder, Faults(**{**asdict(faults), "times": left}))
        return faults
