"""`janus serve`: this process becomes the one that offers models to others; and which models those are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from janus_lab.compose.catalogs import open_catalog
from janus_lab.compose.load_orders import load_order
from janus_lab.compose.model_ways import GGUF
from janus_lab.compose.models import roster
from janus_lab.errors import JanusError, MissingPackage
from janus_lab.inference.roster import Roster
from janus_lab.schemes import factory
from janus_lab.settings import Settings, environment_of
from janus_lab.values.model import ModelRecord, ModelTask


class KnownModels:
    """The models that a lab knows, as they are at each question."""

    def __init__(self, settings: Settings, known: Roster) -> None:
        self._settings = settings
        self._known = known
        self._catalog = open_catalog(settings)
        self._windows: dict[ModelRecord, int] = {}

    def records(self) -> list[ModelRecord]:
        """Every model, by name."""
        return self._known.records()

    def in_use(self, task: ModelTask) -> ModelRecord | None:
        """The model that serves a task."""
        return next(iter(self._known.chain(task)), None)

    def window(self, record: ModelRecord) -> int:
        """How many tokens one request may have in all, if there is the memory; 0 where only the loaded model or its server knows."""
        if record not in self._windows:
            self._windows[record] = self._window(record)
        return self._windows[record]

    def _window(self, record: ModelRecord) -> int:
        asked = record.options.context_tokens
        if record.served or record.task is not ModelTask.GENERATION:
            return asked
        asked = asked or self._settings.context_tokens
        try:
            files = load_order(self._settings, self._catalog, record).files
            trained = _trained(files.paths) if files is not None else 0
        except JanusError:
            return 0  # it may be fetched by the next question
        return min(asked, trained) if trained else asked


def _trained(paths: Sequence[str]) -> int:
    from janus_lab.adapters.backend.gguf_shape import read_shape

    return read_shape(paths).trained_context if paths[0].endswith(GGUF) else 0


@contextmanager
def known_models(settings: Settings) -> Iterator[KnownModels]:
    """The models that a lab knows, as they are at each question."""
    url = settings.url("relational_url")
    with factory("model registry", url)(url) as registry:
        yield KnownModels(settings, roster(settings, registry))


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
