"""One model: in memory from its first use, under a lasting lease, until it is closed or others need its memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Generic, Protocol, TypeVar

from janus_lab.errors import EngineError
from janus_lab.scheduler.admission import Admission, Asker
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.held import HeldLease
from janus_lab.scheduler.work import Work, computing
from janus_lab.values.generation import ModelInfo
from janus_lab.values.lease import CPU, PUT_BACK_SECONDS, Grant, GrantState

IDLE_SECONDS = 2.0
"""A model that was used a moment ago is about to be used again, and stays."""
LOADING = Demand("loading", {CPU: 1})
_LOOK_SECONDS = 0.1
_PAUSE_SECONDS = 0.01


class Described(Protocol):
    """What every loaded model tells."""

    @property
    def info(self) -> ModelInfo:
        """What it is."""
        ...


Model = TypeVar("Model", bound=Described)
Opener = Callable[[], AbstractContextManager[Model]]


class OnDemand(Generic[Model]):
    """`demand` tells what the loaded model will take. A load that failed is tried again at the next use."""

    def __init__(self, name: str, opener: Opener[Model], admission: Admission, demand: Callable[[], Demand]) -> None:
        self.name = name
        self._opener = opener
        self._admission = admission
        self._demand = demand
        self._loading = threading.Lock()
        self._state = threading.Lock()
        self._loaded: Model | None = None
        self._info: ModelInfo | None = None
        self._held: HeldLease | None = None
        self._classes: list[float] = []
        self._users = 0
        self._used_at = 0.0
        self._closed = False
        self._stack = ExitStack()
        admission.relieved_by(self.unload_idle)

    def info(self) -> ModelInfo:
        """The model, which is loaded the first time it is asked for."""
        if self._info is None or self._closed:
            with computing(self._admission, LOADING) as work, self.using(work):
                pass
        return self._known_info()

    @contextmanager
    def using(self, work: Work) -> Iterator[Model]:
        """The loaded model, which stays inside, and which `work` holds a lease to compute with.

        Threads that come while it loads wait, and hold no lease meanwhile.
        """
        loaded = self._entered()
        if loaded is None:
            loaded = self._entered_loading(work)
        try:
            work.take()
            yield loaded
        finally:
            self._leave()

    def unload_idle(self) -> None:
        """Unload it unless it is in use, was so a moment ago, or is just being loaded; never waits."""
        if not self._loading.acquire(blocking=False):
            return
        try:
            with self._state:
                if self._loaded is None or self._users or self._admission.now() - self._used_at < IDLE_SECONDS:
                    return
                self._loaded = None
            self._unload()
        finally:
            self._loading.release()

    def close(self) -> None:
        """Unload it; it is not loaded again."""
        with self._loading:
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

    def _entered_loading(self, work: Work) -> Model:
        entered: Model | None = None
        try:
            with work.aside():
                entered = self._loaded_once(work)
        except BaseException:
            if entered is not None:
                self._leave()
            raise
        if entered is None:
            raise EngineError(
                f"the {self.name} model is being unloaded", remedy="repeat; it is loaded again when asked"
            )
        return entered

    def _loaded_once(self, work: Work) -> Model | None:
        while True:
            # Whoever was overtaken comes after those who are more urgent, and finds it loaded.
            with suppress(_Overtaken), self._alone(work):
                entered = self._entered()
                if entered is None:
                    self._load(work)
                    entered = self._entered()
                return entered

    def _load(self, work: Work) -> None:
        if self._closed:
            raise EngineError(f"the {self.name} model has been unloaded", remedy="run `janus up`, then repeat")
        asker = _Loading(work.asker, self._is_overtaken)
        held = self._admission.ask(self._demand(), asker, lasting=True, asked_to_yield=self.unload_idle)
        try:
            work.take(asker)
            work.tally.loaded(held)
            loaded = self._stack.enter_context(self._opener())
        except BaseException:
            self._admission.give_back(held)
            raise
        self._held, self._info = held, loaded.info
        with self._state:
            self._loaded = loaded

    def _unload(self) -> None:
        try:
            self._stack.close()
        finally:
            held, self._held = self._held, None
            if held is not None:
                self._admission.give_back(held)

    def _known_info(self) -> ModelInfo:
        if self._info is None:
            raise EngineError(f"the {self.name} model has been unloaded", remedy="run `janus up`, then repeat")
        return self._info

    @contextmanager
    def _alone(self, work: Work) -> Iterator[None]:
        began, mine = self._admission.now(), PUT_BACK_SECONDS[work.asker.priority]
        with self._state:
            self._classes.append(mine)
        try:
            while self._is_overtaken(mine) or not self._loading.acquire(timeout=_LOOK_SECONDS):
                work.asker.waiting(Grant(GrantState.WAITING), self._admission.now() - began)
                time.sleep(_PAUSE_SECONDS)
        finally:
            with self._state:
                self._classes.remove(mine)
        try:
            yield
        finally:
            self._loading.release()

    def _is_overtaken(self, put_back: float) -> bool:
        """Whether a better class waits for this model."""
        with self._state:
            return min(self._classes, default=put_back) < put_back


class _Overtaken(Exception):
    """Somebody more urgent waits for what is to be loaded, and shall not wait for it in our class."""


class _Loading:
    """Who loads a model: as the work's asker, but that it leaves the loading to those who are more urgent."""

    def __init__(self, asker: Asker, is_overtaken: Callable[[float], bool]) -> None:
        self.run_id, self.cell, self.priority = asker.run_id, asker.cell, asker.priority
        self._asker = asker
        self._is_overtaken = is_overtaken

    def waiting(self, grant: Grant, seconds: float) -> None:
        """Raises _Overtaken, and what the asker raises."""
        if self._is_overtaken(PUT_BACK_SECONDS[self.priority]):
            raise _Overtaken
        self._asker.waiting(grant, seconds)
