"""Pull runs: a model's files come to this machine, are checked, and the model is made known."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from janus_lab.errors import UsageError
from janus_lab.inference.catalog import HUB, Catalog, OpenHub, name_of
from janus_lab.inference.licences import require_accepted
from janus_lab.ports.model_registry import ModelRegistry
from janus_lab.runs.context import RunContext
from janus_lab.values import codec
from janus_lab.values.event import EventKind
from janus_lab.values.model import ModelFiles, ModelOptions, ModelRecord, ModelShape
from janus_lab.values.model_run import ModelPull, PullReport

_TOLD_SECONDS = 0.5
_LOOK_SECONDS = 2.0
_GGUF = ".gguf"
_ODD = re.compile(r"[^\w.+:-]+")
"""What nobody wants to type."""
_UNKNOWN = "unknown"

ReadShape = Callable[[Sequence[str]], ModelShape]
"""What a GGUF model's files say of it. Raises CorruptFile."""


class PullService:
    """Carries out pull runs. The result is a `PullReport`; a run that was cut off goes on with what had come."""

    def __init__(self, catalog: Catalog, registry: ModelRegistry, open_hub: OpenHub, read_shape: ReadShape) -> None:
        self._catalog = catalog
        self._registry = registry
        self._open_hub = open_hub
        self._read_shape = read_shape

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Fetch what is missing, look into it, and make the model known.

        Raises LicenceNotAccepted before anything is fetched, CorruptFile for what is no model, UsageError where another model has
        its name, NotFound, ModelGated, HashMismatch, DiskFull, HubUnreachable, RunCancelled; SliceOver and RunPaused pass.
        """
        request = codec.from_json(ModelPull, context.run.request)
        began = time.monotonic()
        of_hub = request.uri.partition(":")[0] == HUB
        files = self._fetched(context, request) if of_hub else self._found(request)
        if files.paths[0].endswith(_GGUF):
            self._read_shape(files.paths)
        record = self._record(request, files)
        self._registry.put(record)
        context.pin(model={"name": record.name, "uri": files.uri, "hash": files.content_hash, "licence": files.licence})
        return codec.to_json(PullReport(record, files, round(time.monotonic() - began, 3)))

    def _record(self, request: ModelPull, files: ModelFiles) -> ModelRecord:
        """The model as it will be known. A newer commit of a known one keeps its options, unless there are others."""
        name = request.name or _ODD.sub("-", name_of(files.uri))
        before = self._registry.find(name)
        options = request.options
        if before is not None and _unpinned(before.uri) == _unpinned(files.uri) and options == ModelOptions():
            options = before.options
        elif before is not None and not request.name and _unpinned(before.uri) != _unpinned(files.uri):
            raise UsageError(
                f"another model is called {name} already: {before.uri}", remedy="give this one a name with --name"
            )
        return ModelRecord(name, request.task, files.uri, options, added_at=time.time())

    def _fetched(self, context: RunContext, request: ModelPull) -> ModelFiles:
        with self._open_hub() as hub:
            found = hub.find(request.uri)
            place = request.uri.removeprefix(f"{HUB}://").partition("@")[0]
            self._tell(context, f"{place}: licence {found.licence}")
            require_accepted(place, found.licence, found.page, accepted=request.accept_licence)
            telling = _Telling(context)
            return hub.fetch(found, progress=telling.progress, cancelled=telling.cancelled)

    def _found(self, request: ModelPull) -> ModelFiles:
        if ModelRecord("", request.task, request.uri).served:
            raise UsageError(
                f"{request.uri} is a server: nothing is fetched from it", remedy=f"janus models add NAME {request.uri}"
            )
        files = self._catalog.files(request.uri)
        if files.licence == _UNKNOWN and files.paths[0].endswith(_GGUF):
            licence = self._read_shape(files.paths).facts.get("licence", _UNKNOWN)
            files = replace(files, licence=licence)
        return files

    def _tell(self, context: RunContext, what: str) -> None:
        context.emit(EventKind.PROGRESS, what=what, done=0, total=0)


def _unpinned(uri: str) -> str:
    """A model's URI whatever its revision."""
    return uri.partition("@")[0] if uri.partition(":")[0] == HUB else uri


class _Telling:
    """Between a transfer and its run: tells how far it is, and asks whether it is to go on."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._told_at = self._looked_at = 0.0

    def progress(self, name: str, done: int, total: int) -> None:
        """Tell it now and then, and at a file's end."""
        now = time.monotonic()
        if now - self._told_at >= _TOLD_SECONDS or done == total:
            self._told_at = now
            self._context.emit(EventKind.PROGRESS, what=f"fetching {name}", done=done, total=total, unit="bytes")

    def cancelled(self) -> bool:
        """Whether to stop. Raises SliceOver or RunPaused where another attempt is to go on."""
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = now
            self._context.require_time()
        return self._context.cancelled()
