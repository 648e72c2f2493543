"""What compose.yaml says of a service, with its variables filled in, as `docker compose` would read it."""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from janus_lab.settings.beginning_stack import PASSWORDS

COMPOSE = Path(__file__).parents[2] / "compose.yaml"
_VARIABLE = re.compile(
    r"\$(?:\$|(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<kind>:?[-?])(?P<rest>[^{}]*))?\})"
)


class VariableMissing(ValueError):
    """A variable that compose.yaml requires has no value; the message is the one written there."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service of compose.yaml, as far as it says how its program runs."""

    name: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    configs: Mapping[str, str]
    """Inline configuration files: where the container sees the file → its text."""


def fresh_passwords() -> dict[str, str]:
    """A new secret for each of PASSWORDS."""
    return {name: secrets.token_hex(16) for name in PASSWORDS}


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with `${NAME}`, `${NAME:-default}`, `${NAME:?message}` and `$$` replaced. Raises VariableMissing."""

    def replacement(match: re.Match[str]) -> str:
        name, kind, rest = match["bare"] or match["name"], match["kind"], match["rest"]
        if name is None:
            return "$"
        value = values.get(name)
        if value or (value is not None and not (kind or "").startswith(":")):
            return value
        if kind and kind.endswith("-"):
            return filled(rest, values)
        raise VariableMissing(f"{name} has no value: {rest}" if rest else f"{name} has no value")

    return _VARIABLE.sub(replacement, text)


def document(path: Path = COMPOSE) -> dict[str, Any]:
    """The whole file as it is written, variables not filled in."""
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def service(name: str, values: Mapping[str, str], path: Path = COMPOSE) -> Service:
    """The service called `name`. Raises KeyError if there is none, VariableMissing."""
    whole = document(path)
    written = whole["services"][name]
    command = written.get("command", [])
    words = shlex.split(command) if isinstance(command, str) else command
    return Service(
        name=name,
        image=written["image"],
        command=tuple(filled(str(word), values) for word in words),
        environment={key: filled(_plain(value), values) for key, value in written.get("environment", {}).items()},
        configs={
            config["target"]: filled(whole["configs"][config["source"]]["content"], values)
            for config in written.get("configs", [])
        },
    )


def _plain(value: object) -> str:
    """A value of an environment as the container sees it: YAML's true is the word true."""
    return str(value).lower() if isinstance(value, bool) else str(value)
