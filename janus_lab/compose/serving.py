"""`janus serve`: this process becomes the one that offers models to others; and which models those are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from janus_lab.compose.models import roster
from janus_lab.errors import MissingPackage
from janus_lab.inference.roster import Roster
from janus_lab.schemes import factory
from janus_lab.settings import Settings, environment_of


@contextmanager
def known_models(settings: Settings) -> Iterator[Roster]:
    """The models that a lab knows, as they are at each question."""
    url = settings.url("relational_url")
    with factory("model registry", url)(url) as registry:
        yield roster(settings, registry)


def serving(settings: Settings, host: str, port: int, key_variable: str, overrides: Mapping[str, Any]) -> None:
    """Become the process that serves; it does not return. Raises MissingPackage."""
    for package in ("starlette", "uvicorn"):
        if find_spec(package) is None:
            raise MissingPackage(
                f"`janus serve` needs the package {package}", remedy="pip install 'janus-lab[starter]'"
            )
    command = [sys.executable, "-P", "-m", "janus_lab.serve", "--home", str(settings.home)]
    command += ["--host", host, "--port", str(port), "--key-env", key_variable]
    os.execve(sys.executable, command, {**os.environ, **environment_of(overrides)})  # noqa: S606 - our own interpreter, no shell
