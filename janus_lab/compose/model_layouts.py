"""How models are laid out on this machine at this moment: by their shape, what is free, and what earlier loads showed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from janus_lab.compose.accelerators import Accelerators
from janus_lab.compose.load_orders import load_order
from janus_lab.compose.model_ways import Way, encoding, is_written_by_llama, layered, on_torch, shared
from janus_lab.inference.catalog import Catalog
from janus_lab.inference.layout import Layout
from janus_lab.inference.remembering import Remembering, seen
from janus_lab.ports.generation import SupportsMeasuring
from janus_lab.resources.wish import Room, room_in
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.demand import Demand
from janus_lab.settings import Settings
from janus_lab.values.lease import CPU
from janus_lab.values.load_order import LoadOrder, StillWanted
from janus_lab.values.model import ModelRecord

OpenOne = Callable[[LoadOrder], AbstractContextManager[Any]]
_BESIDE_ACCELERATORS = 1
"""Threads of a model that is wholly on accelerators: one hands them their work and takes what they say."""


@dataclass(frozen=True, slots=True)
class Layouts:
    """`idle` tells what idle models of this process would give back, by resource, and `used` what it has of accelerators' memory."""

    settings: Settings
    catalog: Catalog
    admission: Admission
    remembering: Remembering
    threads: int
    accelerators: Accelerators
    idle: Callable[[], Mapping[str, int]]
    used: Callable[[], Mapping[str, int]]

    def of(self, record: ModelRecord, open_one: OpenOne) -> list[Layout[Any]]:
        """Ways to load a model, the best first. Raises NotFound or CorruptFile."""
        order = load_order(self.settings, self.catalog, record, threads=self.threads)
        if record.served:
            return [Layout(lambda wanted: open_one(replace(order, still_wanted=wanted)), Demand(_purpose(record)))]
        return [self._layout(way, open_one) for way in self.ways(order)]

    def ways(self, order: LoadOrder) -> list[Way]:
        """Where and how a model may go now, the best first."""
        files = order.files
        if files is None:
            return [shared(self.settings, order, self._room(self.accelerators.cuda().devices))]
        if is_written_by_llama(order.record, files):
            from janus_lab.adapters.backend.gguf_shape import read_shape

            there = self.accelerators.llama()
            known = replace(order, numbers=there.numbers)
            estimate = self.remembering.estimate(files.content_hash)
            return layered(self.settings, known, read_shape(files.paths), self._room(there.devices), estimate)
        if on_torch(files):
            there = self.accelerators.cuda()
            return encoding(self.settings, replace(order, numbers=there.numbers), files, self._room(there.devices))
        return encoding(self.settings, order, files, self._room(()))

    def _room(self, devices: Any) -> Room:
        return room_in(self.admission.book(), devices, self.idle())

    def _layout(self, way: Way, open_one: OpenOne) -> Layout[Any]:
        order = replace(way.order, threads=_BESIDE_ACCELERATORS) if way.whole else way.order
        before: dict[str, int] = {}

        def opened(still_wanted: StillWanted) -> AbstractContextManager[Any]:
            if order.plan.devices:
                before.update(self.used())
            return open_one(replace(order, still_wanted=still_wanted))

        return Layout(
            opened,
            Demand(_purpose(order.record), way.placed.needed),
            way.placed,
            computing=Demand(order.record.task.value, {CPU: _BESIDE_ACCELERATORS}) if way.whole else None,
            loaded=lambda model, seconds: self._remember(order, model, seconds, before),
        )

    def _remember(self, order: LoadOrder, model: object, seconds: float, before: Mapping[str, int]) -> None:
        if isinstance(model, SupportsMeasuring):
            now = self.used() if order.plan.devices else {}
            taken = seen(model.footprint(), {name: use - before.get(name, 0) for name, use in now.items()})
            self.remembering.remember(order.info.content_hash, order.plan, taken, at=time.time(), load_seconds=seconds)


def _purpose(record: ModelRecord) -> str:
    """What the lease of a loaded model says that it is for."""
    return f"model {record.name}"
