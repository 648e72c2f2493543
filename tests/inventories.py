"""Machines as they were found, in tests/machines."""

from __future__ import annotations

import json
from pathlib import Path

from janus_lab.values.codec import from_json
from janus_lab.values.hardware import Inventory

FOLDER = Path(__file__).parent / "machines"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def inventory(name: str) -> Inventory:
    """One machine by the name of its file."""
    return from_json(Inventory, json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))
