"""What loads showed, used the next time: the figures of the same plan, or an estimate corrected by those of a similar one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2

import structlog

from janus_lab.errors import DiskFull, StoreUnreachable
from janus_lab.ports.measurements import Measurements
from janus_lab.resources.model_memory import estimated
from janus_lab.resources.placement import DRIVER_BYTES, Estimate
from janus_lab.values.ids import bytes_hash
from janus_lab.values.lease import RAM
from janus_lab.values.model import Footprint, LoadPlan, Measurement, ModelRecord, ModelShape

_LEAST, _MOST = 0.5, 2.0
"""A correction beyond these is no correction of the same thing."""
_OTHER_WAY = 8.0
"""Another format or kind of attention is as far away as a cache of 256 times the size."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Remembering:
    """What is known of models on one machine."""

    measurements: Measurements
    machine: str

    def estimate(self, content_hash: str) -> Estimate:
        """How a model's memory is told: from what is remembered of it now, else from its shape alone."""
        known = self.measurements.recall(content_hash, self.machine)
        return lambda shape, plan: learned(shape, plan, known)

    def remember(
        self, content_hash: str, plan: LoadPlan, footprint: Footprint, *, at: float, load_seconds: float = 0.0
    ) -> None:
        """Keep what a load showed. Where it can't be kept the model is loaded all the same, and the next load shows it again."""
        shown = Measurement(content_hash, self.machine, unnoted(plan), footprint, at, load_seconds=load_seconds)
        try:
            self.measurements.remember(shown)
        except (StoreUnreachable, DiskFull):
            _log.warning("load-not-remembered", content_hash=content_hash, exc_info=True)


def learned(shape: ModelShape, plan: LoadPlan, known: Sequence[Measurement]) -> Footprint:
    """The memory that a plan takes: as measured with that plan, or as estimated and corrected by the plan nearest to it."""
    guess = estimated(shape, plan)
    near = min(known, key=lambda one: _distance(one.plan, plan), default=None)
    if near is None:
        return guess
    if near.plan.same(plan):
        return near.footprint
    then = estimated(shape, near.plan)
    return Footprint(
        _corrected(guess.weights, near.footprint.weights, then.weights),
        _corrected(guess.cache, near.footprint.cache, then.cache),
        _corrected(guess.compute, near.footprint.compute, then.compute),
    )


def seen(footprint: Footprint, grown: Mapping[str, int]) -> Footprint:
    """With what an accelerator says that the process took more while it loaded than llama.cpp says, beyond the driver's usual part."""
    total = footprint.total()
    rest = {name: amount - total.get(name, 0) - DRIVER_BYTES for name, amount in grown.items() if name != RAM}
    compute = dict(footprint.compute)
    for name, amount in rest.items():
        if amount > 0:
            compute[name] = compute.get(name, 0) + amount
    return replace(footprint, compute=compute)


def address_hash(record: ModelRecord) -> str:
    """Under what the speeds of a model are kept whose memory is not told: where it is, and what it is called there."""
    named = f"{record.uri}\x1f{record.options.remote_model}\x1f{record.options.precision}"
    return bytes_hash(named.encode())


def shown(known: Sequence[Measurement], plan: LoadPlan | None) -> Measurement | None:
    """What to tell of a model, of measurements latest first: that of the plan nearest to this one; speeds may be another one's."""
    alike = min(known, key=lambda one: _distance(one.plan, plan) if plan is not None else 0.0, default=None)
    timed = next((one for one in known if one.generation_speed or one.prompt_speed), None)
    if alike is None or timed is None or alike.generation_speed or alike.prompt_speed:
        return alike
    return replace(alike, prompt_speed=timed.prompt_speed, generation_speed=timed.generation_speed)


def unnoted(plan: LoadPlan) -> LoadPlan:
    """The plan without the reason for it, which changes nothing."""
    return replace(plan, note="")


def _corrected(guess: Mapping[str, int], measured: Mapping[str, int], then: Mapping[str, int]) -> dict[str, int]:
    return {name: round(size * _ratio(measured.get(name, 0), then.get(name, 0))) for name, size in guess.items()}


def _ratio(measured: int, estimate: int) -> float:
    ratio = measured / estimate if estimate else 1.0
    return ratio if _LEAST <= ratio <= _MOST else 1.0


def _distance(one: LoadPlan, other: LoadPlan) -> float:
    """0 for the same plan; in doublings of its sizes."""
    if one.same(other):
        return 0.0
    ways = (one.cache_type, one.flash_attention, one.devices), (other.cache_type, other.flash_attention, other.devices)
    sizes = zip(_sizes(one), _sizes(other), strict=True)
    apart = sum(abs(log2(mine / yours)) for mine, yours in sizes)
    return 0.01 + apart + _OTHER_WAY * sum(mine != yours for mine, yours in zip(*ways, strict=True))


def _sizes(plan: LoadPlan) -> tuple[int, ...]:
    return plan.cells, plan.sequences, plan.batch_tokens, plan.outputs, plan.gpu_layers + 2
