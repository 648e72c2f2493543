"""Where a data directory is, and where its settings are written down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from janus_lab.values.path import user_path

FOLDER = ".janus"
FILE = "janus.toml"
SECRETS = ".env"


def project_root(home: Path) -> Path | None:
    """The folder whose files are named relative to it: the parent of a `.janus` folder, else None."""
    return home.parent if home.name == FOLDER else None


def find_home(start: Path | None = None, environment: Mapping[str, str] | None = None) -> Path:
    """The data directory: `JANUS_HOME`, else the nearest `.janus/` upwards from `start`, else the XDG data home."""
    variables = os.environ if environment is None else environment
    if chosen := variables.get("JANUS_HOME"):
        return user_path(chosen).absolute()
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / FOLDER).is_dir():
            return folder / FOLDER
    import platformdirs

    return Path(platformdirs.user_data_dir("janus-lab", appauthor=False))


def new_home(folder: str | Path | None, given: str | Path | None, environment: Mapping[str, str] | None = None) -> Path:
    """Where a data directory is to be made: in `folder`, else where `given` or `JANUS_HOME` say, else here."""
    variables = os.environ if environment is None else environment
    if folder is not None:
        return user_path(folder).absolute() / FOLDER
    if chosen := given or variables.get("JANUS_HOME"):
        return user_path(chosen).absolute()
    return Path.cwd() / FOLDER


def settings_folders(home: Path) -> list[Path]:
    """Folders that may hold `janus.toml` and `.env`, the one that counts less first."""
    root = project_root(home)
    return [root, home] if root is not None else [home]


def settings_file(home: Path) -> Path:
    """The `janus.toml` that a person would edit: the one there is, else the one to be made."""
    folders = settings_folders(home)
    return next((folder / FILE for folder in folders if (folder / FILE).is_file()), folders[0] / FILE)
