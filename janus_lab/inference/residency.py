"""Which models are in memory: each is loaded when it is first asked for, and unloaded when it rests or others need its place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, Self
from weakref import WeakSet

import structlog

from janus_lab.inference.chain import Chain
from janus_lab.inference.circuit import Breaker
from janus_lab.inference.embedding import Embedder
from janus_lab.inference.eviction import Idle, to_unload, weights_of
from janus_lab.inference.foresight import Staying, as_it_is, foreseen, tried
from janus_lab.inference.layout import Layout, Loadable
from janus_lab.inference.on_demand import OnDemand
from janus_lab.inference.recent_embeddings import RecentEmbeddings
from janus_lab.inference.reranking import Rerankers
from janus_lab.inference.resident import Place, ResidentEmbedding, ResidentGeneration, ResidentReranking
from janus_lab.inference.roster import Roster
from janus_lab.ports.embedding import EmbeddingCache
from janus_lab.resources.wish import room_in
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.together import Together
from janus_lab.values.model import ModelRecord, ModelTask
from janus_lab.values.model_status import Fit

SENTENCES_KEPT = 20_000
"""About 30 MB at 384 dimensions."""
_LOOK_SECONDS = 5.0

_log = structlog.get_logger(__name__)


class Residency:
    """The models of one process, by name. What it hands out loads its model at the first use, whichever thread that is in.

    A loaded model has a lasting lease. Whoever computes is in the course of work that holds a lease (see
    `janus_lab.scheduler.work`), or takes one for the call. Which model serves a task is asked of the roster each time.
    """

    def __init__(
        self,
        admission: Admission,
        roster: Roster,
        loadable: Callable[[ModelRecord], Loadable[Any]],
        *,
        cache: EmbeddingCache,
        breaker: Breaker,
        fallback: bool = True,
    ) -> None:
        self.roster = roster
        self.breaker = breaker
        self.admission = admission
        self._loadable = loadable
        self._cache = cache
        self._fallback = fallback
        self._lock = threading.Lock()
        self._places: dict[str, Place[Any]] = {}
        self._retired: WeakSet[OnDemand[Any]] = WeakSet()
        self._over = threading.Event()
        self._watch: threading.Thread | None = None
        admission.relieved_by(self.relieve)

    def embedder(self, name: str = "") -> Embedder:
        """Embeds texts and queries, with the model of that name or at that URI, or the one in use now. Raises NotFound."""
        place = self._place(self._embedding(name))
        if place.embedder is None:
            place.embedder = Embedder(ResidentEmbedding(place, self.admission), self._cache)
        return place.embedder

    def passing_embedder(self, name: str = "") -> Embedder:
        """Embeds sentences that are weighed for one question: nothing of them is kept on disk."""
        place = self._place(self._embedding(name))
        if place.passing is None:
            place.passing = Embedder(ResidentEmbedding(place, self.admission), RecentEmbeddings(SENTENCES_KEPT))
        return place.passing

    def generator(self, record: ModelRecord, patience: float = float("inf")) -> ResidentGeneration:
        """Generates and scores text with one model. `patience` is for how many seconds memory is waited for."""
        return ResidentGeneration(self._place(record), self.admission, patience)

    def embedding(self, record: ModelRecord) -> ResidentEmbedding:
        """Embeds with one model, keeping nothing."""
        return ResidentEmbedding(self._place(record), self.admission)

    def reranking(self, record: ModelRecord, patience: float = float("inf")) -> ResidentReranking:
        """Reranks with one model. `patience` is for how many seconds memory is waited for."""
        return ResidentReranking(self._place(record), self.admission, patience)

    def speakers(self) -> Chain:
        """Whoever may answer."""
        return Chain(self._speaking, self.generator, self.breaker, fallback=self._fallback)

    def rerankers(self) -> Rerankers:
        """Whoever may put hits in order."""
        return Rerankers(
            lambda: self.roster.chain(ModelTask.RERANKING), self.reranking, self.breaker, fallback=self._fallback
        )

    def on_demand(self, record: ModelRecord) -> OnDemand[Any]:
        """The model itself, to be loaded on purpose."""
        return self._place(record).model

    def loaded(self) -> list[str]:
        """Names of the models that are in this process's memory."""
        return sorted(place.model.name for place in self._all() if place.model.loaded)

    def idle_weights(self) -> dict[str, int]:
        """What models that nobody uses would give back, in bytes by resource; not the pinned ones."""
        return weights_of(self._idle())

    def foreseen(self, record: ModelRecord) -> Fit:
        """What loading the model would do now: the way it would be loaded in, and which models would be unloaded for it.

        Raises NotFound, CorruptFile, StoreUnreachable.
        """
        place = self._place(record)
        here = room_in(self.admission.book())
        ways = [layout.way for layout in place.loadable.layouts()]
        if place.model.loaded and (placed := place.model.state().placed) is not None:
            return as_it_is(placed, ways, here)
        idle = self._idle()
        going = {model.name for model in idle}
        staying = [
            Staying(one.model.name, dict(one.model.state().covered), pinned=one.loadable.record.options.pinned)
            for one in self._all()
            if one.model.loaded and one.model.name not in going
        ]
        return foreseen(ways, here, idle, staying)

    def relieve(self, lacking: Mapping[str, int]) -> None:
        """Unload idle models until `lacking` (bytes by resource) is free: those that will be missed least, never a pinned one."""
        places = {place.model.name: place for place in self._all()}
        for name in to_unload(self._idle(), lacking):
            if name in places and places[name].model.unload_unused():
                _log.info("model-evicted", model=name, lacking=dict(lacking))

    def sweep(self) -> None:
        """Unload what has rested for long enough, and what nobody knows any more. Raises what asking the registry does."""
        for place in self._all():
            if not place.loadable.record.options.pinned and place.model.unload_unused(place.loadable.idle_seconds):
                _log.info("model-rested", model=place.model.name, seconds=place.loadable.idle_seconds)
        for place in self._unknown():
            self._retire(place)

    def close(self) -> None:
        """Unload every model, waiting for what it is busy with."""
        self._over.set()
        if self._watch is not None:
            self._watch.join()
        with self._lock:
            retired = list(self._retired)
        for model in retired:
            model.close()
        for place in reversed(self._all()):
            place.model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _embedding(self, name: str) -> ModelRecord:
        if "://" in name:
            # What an index was made with may no longer have a name: then it is known by where it is.
            known = (record for record in self.roster.records() if record.uri == name)
            return next(known, ModelRecord(name, ModelTask.EMBEDDING, name))
        if name:
            return self.roster.find(name)
        return self.roster.chain(ModelTask.EMBEDDING)[0]

    def _speaking(self, name: str) -> Sequence[ModelRecord]:
        return (self.roster.find(name),) if name else self.roster.chain(ModelTask.GENERATION)

    def _place(self, record: ModelRecord) -> Place[Any]:
        with self._lock:
            place = self._places.get(record.name)
            outdated = place if place is not None and not _alike(place.loadable.record, record) else None
            if place is None or outdated is not None:
                place = self._places[record.name] = self._made(record)
            if self._watch is None and not self._over.is_set():
                self._watch = threading.Thread(target=self._look, name="janus-models-rest", daemon=True)
                self._watch.start()
        if outdated is not None:
            self._retire(outdated)
        return place

    def _made(self, record: ModelRecord) -> Place[Any]:
        loadable = self._loadable(record)
        guarded = nullcontext if record.served else partial(self.breaker.loading, record.name)

        def layouts() -> list[Layout[Any]]:
            return tried(loadable.layouts(), room_in(self.admission.book()), self._idle())

        model = OnDemand(record.name, layouts, self.admission, short=self._short, guarded=guarded)
        together = Together(self.admission, lambda: model.computing() or loadable.computing)
        return Place(loadable, model, together)

    def _unknown(self) -> list[Place[Any]]:
        """Places of models that were removed, or made known anew as something else; what is named by where it is has no other name."""
        known = [*self.roster.records(), *filter(None, map(self.roster.implied, ModelTask))]
        named = [place for place in self._all() if "://" not in place.model.name]
        return [place for place in named if not any(_alike(place.loadable.record, one) for one in known)]

    def _retire(self, place: Place[Any]) -> None:
        """Nobody gets it any more; its model is unloaded once nobody uses it."""
        with self._lock:
            if self._places.get(place.model.name) is place:
                del self._places[place.model.name]
            # Who uses it still has to be waited for at the end; it is forgotten with its last user.
            self._retired.add(place.model)
        place.model.retire()

    def _all(self) -> list[Place[Any]]:
        with self._lock:
            return list(self._places.values())

    def _idle(self) -> list[Idle]:
        """Models that may be unloaded for others."""
        found = [place.model.idle() for place in self._all() if not place.loadable.record.options.pinned]
        return [idle for idle in found if idle is not None]

    def _short(self) -> None:
        self.relieve(self.admission.shortage())

    def _look(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            try:
                self.sweep()
            except Exception:  # noqa: BLE001 - whatever one look meets, models are to be unloaded that rest later on
                _log.warning("models-not-swept", exc_info=True)


def _alike(one: ModelRecord, other: ModelRecord) -> bool:
    """Whether two records name the same model loaded in the same way; when they were added says nothing of that."""
    return replace(one, added_at=other.added_at) == other
