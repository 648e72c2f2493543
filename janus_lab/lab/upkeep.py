"""What keeps a lab's stores in order: comparing them with one another, and indexing collections anew."""

from __future__ import annotations

from typing import Any

from janus_lab.lab.ingesting import OnEvent
from janus_lab.runs.client import RunClient
from janus_lab.runs.handle import RunHandle
from janus_lab.settings import Settings
from janus_lab.values.index_generation import ReindexReport
from janus_lab.values.request import CheckRequest, ReindexRequest
from janus_lab.values.run import Priority, RunKind


class Upkeep:
    """What a lab lets its engine room do for the stores themselves."""

    settings: Settings
    _client: RunClient

    def check(self, *, mend: bool = False) -> dict[str, Any]:
        """Compare the stores with one another in the engine room; with `mend`, remove what belongs to no document."""
        return self._client.start(RunKind.CHECK, CheckRequest(mend), Priority.INTERACTIVE).wait_json()

    def reindex(
        self, collection: str | None = None, model: str = "", *, on_event: OnEvent | None = None
    ) -> ReindexReport:
        """Index a collection anew with the embedding model of this name ("": the one in use) and wait for the end.

        The old index serves until the new one is whole; what is ingested meanwhile is in both. Interrupting cancels the run
        and leaves the old one. Raises NotFound for a collection or model that is not there, UserError while the collection
        is already being indexed anew.
        """
        return self.start_reindex(collection, model).wait(ReindexReport, on_event)

    def start_reindex(self, collection: str | None = None, model: str = "") -> RunHandle:
        """Like `reindex`, but returns at once."""
        request = ReindexRequest(collection or self.settings.collection, model)
        return self._client.start(RunKind.REINDEX, request, Priority.BATCH)
