"""Keys of servers of models: in the environment or in `.env`, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from janus_lab.errors import SettingsError
from janus_lab.settings.dotenv import read_dotenv
from janus_lab.settings.places import SECRETS, settings_folders


def key_in(variable: str, home: Path, environment: Mapping[str, str] | None = None) -> str:
    """What the environment variable of that name holds, or `.env` beside janus.toml where it is not set; "" for no name.

    Raises SettingsError where it is nowhere. The value is shown and kept nowhere.
    """
    if not variable:
        return ""
    found = (os.environ if environment is None else environment).get(variable, "")
    for folder in reversed(settings_folders(home)):
        file = folder / SECRETS
        if not found and file.is_file():
            found = read_dotenv(file).get(variable, "")
    if not found:
        raise SettingsError(
            f"the environment variable {variable}, which is to hold a model server's key, is not set",
            remedy=f"set it in {settings_folders(home)[0] / SECRETS}, or where the engine room is started, then `janus down`",
        )
    return found
