"""The scripts and styles of widgets: files beside this one, joined, so that a front end gets one module and fetches nothing."""

from __future__ import annotations

from importlib.resources import files

_FOLDER = files(__package__)


def joined(*names: str) -> str:
    """The files of those names, one after the other: of scripts, the last one exports what the others define."""
    return "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)
