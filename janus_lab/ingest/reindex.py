"""A collection indexed anew, with another embedding model say: a new generation is filled while the old one serves.

What is published when the run begins is embedded here, batch by batch; whatever is ingested or removed meanwhile reaches both
generations by itself. When the new one lacks nothing it takes the old one's place at once. Being killed anywhere and begun
again ends in the same state: the store tells which generation the run has made and which chunks it has, and until the switch
the old one serves whole, afterwards the new one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from janus_lab.errors import ClaimLost, NotFound, StoreUnreachable, UserError
from janus_lab.inference.embedding import Embedder
from janus_lab.ingest.rebuilding import Rebuilding
from janus_lab.ingest.stores import IngestStores
from janus_lab.ports.ledger import Ledger
from janus_lab.runs.context import RunContext, SliceOver
from janus_lab.scheduler.work import resting
from janus_lab.values.codec import from_json, to_json
from janus_lab.values.index_generation import IndexGeneration, IndexModel, ReindexReport
from janus_lab.values.request import ReindexRequest
from janus_lab.values.run import OPEN, RunKind

GRACE_SECONDS = 2.5
"""So long the old generation stays for searches that have begun in it; other processes see a switch within two seconds."""
_SWITCHED = "switched"
_PAUSE_SECONDS = 0.1
_ALL = 2**31 - 1


class ReindexService:
    """Carries out reindex runs; the result is a ReindexReport as JSON."""

    def __init__(self, ledger: Ledger, stores: IngestStores, *, grace_seconds: float = GRACE_SECONDS) -> None:
        self._ledger = ledger
        self._stores = stores
        self._grace_seconds = grace_seconds

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Build the new generation, let it serve, and drop the old one.

        A run that is cancelled or fails leaves the old one serving and nothing of the new one. Raises NotFound for a
        collection that is not there, UserError while another run indexes it anew.
        """
        request = from_json(ReindexRequest, context.run.request)
        began = time.monotonic()
        self._require_alone(context, request.collection)
        mine = self._mine(context, request.collection)
        if mine is None or not mine.serving:
            self._build(context, request, mine, began)
        self._retire(request.collection)
        return self._report(context, request.collection)

    def _build(self, context: RunContext, request: ReindexRequest, mine: IndexGeneration | None, began: float) -> None:
        try:
            new, embedder = self._begun(context, request, mine)
            rebuilding = Rebuilding(self._stores, context, new, embedder, began)
            if (key := _begun(new)) not in context.finished:
                before = self._serving(request.collection).model
                context.commit_step(key, {"before": before.name if before else ""})
            rebuilding.fill()
            while not rebuilding.switched():
                rebuilding.fill()
        except (SliceOver, StoreUnreachable, ClaimLost):
            # Another attempt goes on with it.
            raise
        except Exception:
            self._give_up(context, request.collection)
            raise
        context.commit_step(_SWITCHED, {"seconds": rebuilding.lap()})

    def _begun(
        self, context: RunContext, request: ReindexRequest, mine: IndexGeneration | None
    ) -> tuple[IndexGeneration, Embedder]:
        """The generation that this run fills, and its model."""
        if mine is not None:
            return mine, self._stores.embedders.of(mine)
        self._serving(request.collection)
        self._drop_others(request.collection)
        embedder = self._stores.embedders.chosen(request.model)
        model = IndexModel.of(embedder.info)
        made = self._stores.vectors.prepare(request.collection, embedder.info.dimensions, model, context.run.id)
        context.pin(embedding_model=embedder.info.fingerprint, index=to_json(made))
        return made, embedder

    def _serving(self, collection: str) -> IndexGeneration:
        found = next((g for g in self._stores.vectors.generations(collection) if g.serving), None)
        if found is None:
            raise NotFound(
                f"there is no collection {collection!r}", remedy="list collections with `janus docs`, then repeat"
            )
        return found

    def _mine(self, context: RunContext, collection: str) -> IndexGeneration | None:
        """The generation that an earlier attempt made."""
        made = (g for g in self._stores.vectors.generations(collection) if g.made_by == context.run.id)
        return next(made, None)

    def _require_alone(self, context: RunContext, collection: str) -> None:
        """Of two runs for one collection the one that was asked for first goes on."""
        mine = (context.run.created_at, context.run.id)
        for run in self._ledger.find(kinds=(RunKind.REINDEX,), states=OPEN, limit=_ALL):
            if run.request["collection"] == collection and (run.created_at, run.id) < mine:
                raise UserError(
                    f"run {run.id[:12]} is indexing the collection {collection!r} anew",
                    remedy="wait for it (or cancel it), then repeat",
                )

    def _retire(self, collection: str) -> None:
        """Drop what has served before, once searches that began in it are over."""
        with resting():
            until = time.monotonic() + self._grace_seconds
            while (left := until - time.monotonic()) > 0:
                time.sleep(min(left, _PAUSE_SECONDS))
        self._drop_others(collection)

    def _drop_others(self, collection: str) -> None:
        """Drop every generation that does not serve: as long as this run is open, nobody else builds one."""
        for generation in self._stores.vectors.generations(collection):
            if not generation.serving:
                self._stores.vectors.drop(collection, generation.number)

    def _give_up(self, context: RunContext, collection: str) -> None:
        mine = self._mine(context, collection)
        if mine is not None and not mine.serving:
            self._stores.vectors.drop(collection, mine.number)

    def _report(self, context: RunContext, collection: str) -> Mapping[str, Any]:
        serving = self._serving(collection)
        effects = context.finished.values()
        report = ReindexReport(
            run_id=context.run.id,
            collection=collection,
            generation=serving.number,
            model=serving.model.name if serving.model else "",
            before=str(context.finished.get(_begun(serving), {}).get("before", "")),
            chunks=self._stores.vectors.count(serving.name),
            embedded=sum(effect.get("embedded", 0) for effect in effects),
            seconds=round(sum(effect.get("seconds", 0.0) for effect in effects), 3),
        )
        return to_json(report)


def _begun(generation: IndexGeneration) -> str:
    """The step that notes what served when the generation was begun."""
    return f"begun-{generation.number}"
