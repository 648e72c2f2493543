"""Which model speaks: the one in use, or, where it can't, the next in its chain; whoever asked is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from janus_lab.errors import (
    CircuitOpen,
    ContextTooLong,
    CorruptFile,
    HashMismatch,
    JanusError,
    LeaseImpossible,
    LeaseTimeout,
    ModelFailed,
    ModelGated,
    NotFound,
    SettingsError,
)
from janus_lab.inference.circuit import Breaker
from janus_lab.ports.generation import GenerationBackend
from janus_lab.scheduler.work import Somebody, current_work, lost_before
from janus_lab.values.model import ModelRecord

UNABLE = (
    ModelFailed,
    ContextTooLong,
    LeaseImpossible,
    LeaseTimeout,
    CircuitOpen,
    NotFound,
    CorruptFile,
    SettingsError,
    ModelGated,
    HashMismatch,
)
"""What another model may mend: a server's key that is missing or refused is a setting of one model, too."""
PATIENCE_SECONDS = 15.0
"""So long memory for a model is waited for where another one could answer."""

Result = TypeVar("Result")
Attempt = Callable[[GenerationBackend], Result]


class Speakers(Protocol):
    """Models that may answer."""

    def any(self, name: str = "") -> bool:
        """Whether there is one, or the named one."""
        ...

    def attempt(self, work: Attempt[Result], *, name: str = "", begun: Callable[[], bool]) -> Result:
        """What `work` makes of the first model that can; only the one called `name`, if that is given.

        Once `begun()` is true something was told already, and a failure is raised. Raises what the first model raised.
        """
        ...


class Chain:
    """Models in the order in which they are tried. `fallback` says whether any but the first one may answer."""

    def __init__(
        self,
        records: Callable[[str], Sequence[ModelRecord]],
        backend: Callable[[ModelRecord, float], GenerationBackend],
        breaker: Breaker,
        *,
        fallback: bool,
    ) -> None:
        self._records = records
        self._backend = backend
        self._breaker = breaker
        self._fallback = fallback

    def any(self, name: str = "") -> bool:
        """Whether there is one, or the named one."""
        return bool(self._records(name))

    def attempt(self, work: Attempt[Result], *, name: str = "", begun: Callable[[], bool]) -> Result:
        """See `Speakers`."""
        records = self._records(name)
        if not records:
            raise SettingsError(
                "no model is set that could write",
                remedy="`janus models use NAME` chooses one; `janus models` lists them",
            )
        allowed = records if self._fallback else records[:1]
        failure: JanusError | None = None
        for record, then in zip(allowed, [*allowed[1:], None], strict=True):
            try:
                return self._tried(work, record, float("inf") if then is None else PATIENCE_SECONDS)
            except UNABLE as error:
                failure = failure or error
                if begun():
                    raise
                if then is None:
                    raise failure from error
                _tell(record, then, error)
        raise AssertionError

    def _tried(self, work: Attempt[Result], record: ModelRecord, patience: float) -> Result:
        with self._breaker.guarding(record.name, lost_before()):
            return work(self._backend(record, patience))


def _tell(failed: ModelRecord, then: ModelRecord, error: JanusError) -> None:
    work = current_work()
    asker = work.asker if work is not None else Somebody()
    asker.told(
        "model-fallback", f"{failed.name} can't answer ({error.code}: {error.message}), so {then.name} is asked instead"
    )
