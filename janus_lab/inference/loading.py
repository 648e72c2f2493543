"""Who waits for a model to be loaded: until somebody more urgent wants the same model, or for as long as it is worth; and how it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from janus_lab.errors import LeaseTimeout
from janus_lab.resources.placement import Placed
from janus_lab.scheduler.asker import Asker
from janus_lab.scheduler.giving_up import named
from janus_lab.values.lease import PUT_BACK_SECONDS, Grant, GrantState
from janus_lab.values.load_order import StillWanted


class Overtaken(Exception):
    """Somebody more urgent waits for what is to be loaded, and shall not wait for it in our class."""


class Loading:
    """Who loads a model: as the work's asker, but that it leaves the loading to those who are more urgent.

    After `patience` seconds without enough memory it gives up: there is something smaller to be tried.
    """

    def __init__(self, asker: Asker, is_overtaken: Callable[[float], bool], patience: float) -> None:
        self.run_id, self.cell, self.priority = asker.run_id, asker.cell, asker.priority
        self._asker = asker
        self._is_overtaken = is_overtaken
        self._patience = patience

    def waiting(self, grant: Grant, seconds: float) -> None:
        """Raises Overtaken, LeaseTimeout, and what the asker raises."""
        if self._is_overtaken(PUT_BACK_SECONDS[self.priority]):
            raise Overtaken
        if grant.lacking and seconds > self._patience:
            raise LeaseTimeout(
                f"for {seconds:.0f} s there has not been enough of {named(grant)}",
                remedy="`janus monitor` shows who uses it; end something, or choose a smaller model",
            )
        self._asker.waiting(grant, seconds)

    def told(self, code: str, text: str) -> None:
        """As the asker is told."""
        self._asker.told(code, text)

    @contextmanager
    def opening(self) -> Iterator[StillWanted]:
        """What raises as the asker does that no longer waits for it; once the model is there nobody is asked any more."""
        opens = True

        def still_wanted() -> None:
            if opens:
                self._asker.waiting(Grant(GrantState.WAITING), 0.0)

        try:
            yield still_wanted
        finally:
            opens = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """How a model was loaded: in how many seconds, what its lease covers by resource, and how it is laid out where that is ours to say."""

    load_seconds: float
    covered: Mapping[str, int]
    placed: Placed | None
