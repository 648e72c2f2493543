"""One model: in memory from its first use, under a lasting lease, until it is unused for long or others need its memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from typing import Generic

from janus_lab.errors import EngineError, LeaseImpossible, LeaseTimeout, ModelFailed
from janus_lab.inference.eviction import Idle
from janus_lab.inference.layout import Layout, Model
from janus_lab.inference.loading import Loaded, Loading, Overtaken
from janus_lab.inference.loading_turns import LoadingTurns
from janus_lab.ports.generation import SupportsEnding
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.held import HeldLease, nobody
from janus_lab.scheduler.work import Work, computing
from janus_lab.values.generation import ModelInfo
from janus_lab.values.lease import CPU

IDLE_SECONDS = 2.0
"""A model that was used a moment ago is about to be used again, and stays."""
RUNG_SECONDS = 3.0
"""So long memory is waited for before the model is laid out smaller: idle ones are unloaded within it."""
LOADING = Demand("loading", {CPU: 1})


class OnDemand(Generic[Model]):
    """`layouts` are the ways to load it as they are at that moment, the best first. A load that failed is tried again at the next use.

    `short` is called, without waiting, while somebody waits for the memory that it holds. A lease that is asked back by name is
    given back as soon as nobody uses the model. `guarded` is entered while it is opened.
    """

    def __init__(
        self,
        name: str,
        layouts: Callable[[], Sequence[Layout[Model]]],
        admission: Admission,
        *,
        short: Callable[[], None] = nobody,
        guarded: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.name = name
        self._layouts = layouts
        self._admission = admission
        self._short = short
        self._guarded = guarded
        self._turns = LoadingTurns(admission.now)
        self._state = threading.Lock()
        self._loaded: Model | None = None
        self._info: ModelInfo | None = None
        self._held: HeldLease | None = None
        self._users = 0
        self._used_at = 0.0
        self._load_seconds = 0.0
        self._layout: Layout[Model] | None = None
        self._retired = self._closed = False
        self._stack = ExitStack()

    def info(self, patience: float = float("inf")) -> ModelInfo:
        """The model, which is loaded the first time it is asked for; see `using` for `patience`."""
        if self._info is None or self._closed:
            with computing(self._admission, LOADING) as work, self.using(work, patience=patience):
                pass
        return self._known_info()

    @contextmanager
    def using(self, work: Work, *, patience: float = float("inf")) -> Iterator[Model]:
        """The loaded model, which stays inside.

        Threads that come while it loads wait, and hold no lease meanwhile. Raises LeaseTimeout after `patience` seconds
        without enough memory, and what the asker or the backend raises: an asker that no longer waits ends the load.
        """
        loaded = self._entered()
        if loaded is None:
            loaded = self._entered_loading(work, patience)
        try:
            yield loaded
        finally:
            self._leave()

    @property
    def loaded(self) -> bool:
        """Whether it is in memory."""
        return self._loaded is not None

    def state(self) -> Loaded:
        """How it was loaded last."""
        with self._state:
            covered = self._held.request.weights if self._held is not None else {}
            layout = self._layout
        return Loaded(self._load_seconds, covered, layout.placed if layout is not None else None)

    def computing(self) -> Demand | None:
        """What one who computes with it needs as it was loaded last; None if that is as with any model of its kind."""
        layout = self._layout
        return layout.computing if layout is not None else None

    def idle(self) -> Idle | None:
        """What its unloading would give back; None while it is in use, was so a moment ago, or is not there."""
        with self._state:
            held, unused = self._held, self._admission.now() - self._used_at
            if self._loaded is None or self._users or unused < IDLE_SECONDS:
                return None
            return Idle(self.name, held.request.weights if held else {}, unused, self._load_seconds)

    def unload_unused(self, seconds: float = 0.0) -> bool:
        """Unload it if nobody has used it for so long and nobody is just loading it; whether it was. Never waits for a user."""
        with self._turns.at_once() as mine:
            if not mine:
                return False
            with self._state:
                if self._loaded is None or self._users or self._admission.now() - self._used_at < seconds:
                    return False
                self._loaded = None
            self._unload()
        return True

    def retire(self) -> None:
        """Unload it, now or after its last request. Whoever has it still may load it again, each time for one request only."""
        self._retired = True
        self.unload_unused()

    def close(self) -> None:
        """Unload it; it is not loaded again."""
        with self._turns.sooner_or_later():
            with self._state:
                self._closed = True
                self._loaded = None
            self._unload()

    def _entered(self) -> Model | None:
        with self._state:
            if self._loaded is not None:
                self._users += 1
            return self._loaded

    def _leave(self) -> None:
        with self._state:
            self._users -= 1
            self._used_at = self._admission.now()
        if self._is_to_go():
            self.unload_unused()

    def _is_to_go(self) -> bool:
        """Whether it is wanted back, or of no use any more: then whoever comes next loads it anew."""
        held = self._held
        loaded: object = self._loaded
        return (
            self._retired
            or (held is not None and held.asked_back)
            or (isinstance(loaded, SupportsEnding) and loaded.ended)
        )

    def _entered_loading(self, work: Work, patience: float) -> Model:
        entered: Model | None = None
        try:
            with work.aside():
                entered = self._loaded_once(work, patience)
        except BaseException:
            if entered is not None:
                self._leave()
            raise
        return entered

    def _loaded_once(self, work: Work, patience: float) -> Model:
        while True:
            # Whoever was overtaken comes after those who are more urgent, and finds it loaded.
            with suppress(Overtaken), self._turns.mine(work.asker):
                if self._loaded is None:
                    self._load(work, patience)
                if (entered := self._entered()) is not None:
                    return entered

    def _load(self, work: Work, patience: float) -> None:
        if self._closed:
            raise EngineError(f"the model {self.name} has been unloaded", remedy="run `janus up`, then repeat")
        *smaller, last = self._layouts()
        for layout in smaller:
            with suppress(LeaseImpossible, LeaseTimeout, ModelFailed):
                self._load_as(layout, work, min(patience, RUNG_SECONDS))
                return
        self._load_as(last, work, patience)

    def _load_as(self, layout: Layout[Model], work: Work, patience: float) -> None:
        asker = Loading(work.asker, self._turns.are_wanted_before, patience)
        held, began = self._leased(layout.demand, asker), self._admission.now()
        try:
            work.take(asker)
            if held is not None:
                work.tally.loaded(held)
            with self._guarded(), asker.opening() as still_wanted:
                loaded = self._stack.enter_context(layout.open(still_wanted))
        except BaseException:
            work.rest()
            if held is not None:
                self._admission.give_back(held)
            raise
        self._held, self._info = held, loaded.info
        with self._state:
            self._loaded, self._used_at = loaded, self._admission.now()
            self._load_seconds, self._layout = self._used_at - began, layout
        if layout.note:
            asker.told("smaller-plan", f"{self.name}: {layout.note}")
        layout.loaded(loaded, self._load_seconds)

    def _leased(self, demand: Demand, asker: Loading) -> HeldLease | None:
        if not demand.weights:
            return None
        return self._admission.ask(demand, asker, lasting=True, asked_to_yield=self._asked_to_yield)

    def _asked_to_yield(self) -> None:
        held = self._held
        if held is None:
            return
        if held.asked_back:
            self.unload_unused()
        elif held.lost:
            self.unload_unused(IDLE_SECONDS)
        else:
            self._short()

    def _unload(self) -> None:
        try:
            self._stack.close()
        finally:
            held, self._held = self._held, None
            if held is not None:
                self._admission.give_back(held)

    def _known_info(self) -> ModelInfo:
        if self._info is None:
            raise EngineError(f"the model {self.name} has been unloaded", remedy="run `janus up`, then repeat")
        return self._info
