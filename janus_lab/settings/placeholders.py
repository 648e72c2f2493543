"""`${NAME}` in a URL: filled in from the environment, else from `.env`, so that passwords stand in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from janus_lab.errors import SettingsError
from janus_lab.settings.dotenv import read_dotenv
from janus_lab.settings.places import SECRETS

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Placeholders:
    """Fills placeholders in. `.env` files are read when the first placeholder needs them."""

    def __init__(self, environment: Mapping[str, str], folders: list[Path]) -> None:
        self._environment = environment
        self._files = [folder / SECRETS for folder in folders]
        self._read: dict[str, str] | None = None

    def fill(self, url: str, *, setting: str, source: str) -> str:
        """The URL with values in their places, percent-encoded unless one value is the whole URL.

        Raises SettingsError, which names the variable, the setting and `source`, where the setting comes from.
        """
        if match := _PLACEHOLDER.fullmatch(url):
            return self._value(match[1], setting, source)
        return _PLACEHOLDER.sub(lambda match: quote(self._value(match[1], setting, source), safe=""), url)

    def _value(self, name: str, setting: str, source: str) -> str:
        if not _NAME.fullmatch(name):
            raise SettingsError(
                f"{source}: {setting} holds a placeholder that names no variable",
                remedy="write ${NAME} with letters, digits and _ alone",
            )
        value = self._environment.get(name) or self._secrets().get(name)
        if value:
            return value
        places = " or ".join(str(file) for file in self._files)
        nearest = next((file for file in self._files if file.is_file()), self._files[0])
        raise SettingsError(
            f"{source}: {setting} needs the variable {name}, which neither the environment nor {places} sets",
            remedy=f"put {name}=… into {nearest}, or run `janus init --stack`, which makes it",
        )

    def _secrets(self) -> dict[str, str]:
        if self._read is None:
            self._read = {}
            for file in self._files:
                if file.is_file():
                    self._read |= read_dotenv(file)
        return self._read
