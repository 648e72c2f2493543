"""One look after another at a machine: what is held, what is used, and so what may be granted; all told to who wants to know."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from janus_lab.errors import JanusError, ProbeFailed
from janus_lab.ports.leases import Leases
from janus_lab.ports.probe import Probe
from janus_lab.ports.samples import Samples
from janus_lab.resources.attribution import Attribution
from janus_lab.resources.capacity import capacities, unknown
from janus_lab.settings import Settings
from janus_lab.values.lease import Capacity
from janus_lab.values.machine import Sample


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a monitor looks through and tells. `ours` tells the ids of Janus's own processes on this machine."""

    probe: Probe
    leases: Leases
    samples: Samples
    ours: Callable[[], Collection[int]]


class Monitor:
    """Looks at one machine. There is to be one at a time: it remembers what was there from one look to the next."""

    def __init__(self, machine: str, around: Surroundings, settings: Settings) -> None:
        self._machine = machine
        self._around = around
        self._settings = settings
        self._attribution: Attribution | None = None
        self._known: dict[str, Capacity] = {}

    def begin(self) -> None:
        """Go on where another monitor of this machine stopped; to be called before its looks are taken for the truth."""
        # Should this fail, what was known before the other monitor looked must not count.
        self._attribution = None
        self._attribution = Attribution.following(self._around.samples.latest(self._machine))
        book = self._around.leases.book(self._machine)
        self._known = {name: use.capacity for name, use in book.resources.items()}

    def look(self) -> Sample:
        """Measure, and publish what was measured and what may be granted; the sample is dated by the server's clock.

        Raises ProbeFailed when nothing could be measured, after saying so; StoreUnreachable when nobody could be told.
        """
        if self._attribution is None:
            self.begin()
        at, held = self._around.leases.held(self._machine)
        try:
            measured = self._around.probe.sample({*self._around.ours(), *held} - {0})
        except Exception as error:
            # Whatever broke: it is told that nothing is known, before anybody takes the last sample for the present.
            failure = _failed(error)
            self._publish(unknown(self._known, failure.message), at)
            raise failure from error
        attributed = self._following().attribute(replace(measured, machine=self._machine, at=at), held)
        self._publish(capacities(attributed, self._settings, self._known), at)
        self._around.samples.publish(attributed.sample)
        return attributed.sample

    def _following(self) -> Attribution:
        self._attribution = self._attribution or Attribution()
        return self._attribution

    def _publish(self, found: dict[str, Capacity], at: float) -> None:
        self._known = found
        self._around.leases.publish(self._machine, found, measured_at=at, stale_seconds=self._settings.stale_seconds)


def _failed(error: Exception) -> ProbeFailed:
    if isinstance(error, ProbeFailed):
        return error
    words = error.message if isinstance(error, JanusError) else f"{type(error).__name__}: {error}"
    return ProbeFailed(
        f"the machine can't be measured: {words}", remedy="`janus doctor` measures it once and says more"
    )
