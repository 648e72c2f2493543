"""How models are laid out on this machine at this moment: by their shape, what is free, and what earlier loads showed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from janus_lab.compose.load_orders import load_order
from janus_lab.inference.catalog import Catalog
from janus_lab.inference.estimate import embedding_demand, encoder_demand
from janus_lab.inference.layout import Layout
from janus_lab.inference.remembering import Remembering, seen
from janus_lab.ports.generation import SupportsMeasuring
from janus_lab.resources.placement import Placed, placements
from janus_lab.resources.server_share import server_share
from janus_lab.resources.torch_memory import torch_places
from janus_lab.resources.wish import Room, Wish
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.demand import Demand
from janus_lab.settings import Settings
from janus_lab.values.lease import RAM, LeaseBook, free_of, is_memory
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.machine import Device
from janus_lab.values.model import LoadPlan, ModelFiles, ModelRecord, ModelTask

GGUF, SAFETENSORS = ".gguf", ".safetensors"
_UNKNOWN = 1 << 62
"""More than any machine has: while it is not known what there is, a model is laid out as wished, and waits for its lease."""


def purpose(name: str) -> str:
    """What the lease of a loaded model says that it is for."""
    return f"model {name}"


def wish(settings: Settings, record: ModelRecord) -> Wish:
    """How a model is to be loaded: as its own options say, else as the settings do."""
    options = record.options
    return Wish(
        options.context_tokens or settings.context_tokens,
        options.parallel_requests or settings.parallel_requests,
        settings.prompt_batch_tokens,
        options.cache_type or settings.cache_type,
        options.gpu_layers,
    )


def encoding(settings: Settings, record: ModelRecord, files: ModelFiles) -> Demand:
    """What an embedding or reranking model in files takes on processors. Raises CorruptFile."""
    path = Path(files.paths[0])
    if path.suffix != GGUF:
        return embedding_demand(record.name, path)
    from janus_lab.adapters.backend.gguf_shape import read_shape

    batch = max(settings.embedding_batch_tokens, record.options.context_tokens)
    return encoder_demand(record.name, read_shape(files.paths), batch)


def room(book: LeaseBook, devices: Sequence[Device], idle: Mapping[str, int]) -> Room:
    """What a machine has left, where idle models hold so much that they would give back."""
    memory = {name: use for name, use in book.resources.items() if is_memory(name) and not use.capacity.failure}
    if not book.open or RAM not in memory:
        return Room({RAM: _UNKNOWN}, {RAM: _UNKNOWN})
    free = {name: free_of(use) + idle.get(name, 0) for name, use in memory.items()}
    return Room(free, {name: use.capacity.budget for name, use in memory.items()}, devices)


@dataclass(frozen=True, slots=True)
class Layouts:
    """`devices` measures the machine's accelerators, `used` what this process has of their memory; `idle` tells what idle models of
    this process would give back, by resource.
    """

    settings: Settings
    catalog: Catalog
    admission: Admission
    remembering: Remembering
    threads: int
    devices: Callable[[], Sequence[Device]]
    idle: Callable[[], Mapping[str, int]]
    used: Callable[[], Mapping[str, int]]

    def of(self, record: ModelRecord, open_one: Callable[[LoadOrder], Any]) -> list[Layout[Any]]:
        """Ways to load a model, the best first."""
        order = load_order(self.settings, self.catalog, record, threads=self.threads)
        if record.served:
            return [Layout(lambda: open_one(order), Demand(purpose(record.name)))]
        if order.files is None:
            return [self._shared(order, open_one)]
        if record.task is ModelTask.GENERATION and order.file.suffix == GGUF:
            return [self._placed(order, placed, open_one) for placed in self.placed(order)]
        if order.file.suffix == SAFETENSORS:
            return self._on_torch(order, order.files.size, open_one)
        return [Layout(lambda: open_one(order), encoding(self.settings, record, order.files))]

    def placed(self, order: LoadOrder) -> tuple[Placed, ...]:
        """Where a model in GGUF files may go, the best first. Raises CorruptFile or NotFound."""
        from janus_lab.adapters.backend.gguf_shape import read_shape

        files = order.files
        if files is None:
            return ()
        estimate = self.remembering.estimate(files.content_hash)
        shape = read_shape(files.paths)
        here = room(self.admission.book(), self.devices(), self.idle())
        return placements(shape, wish(self.settings, order.record), here, estimate)

    def _on_torch(self, order: LoadOrder, size: int, open_one: Callable[[LoadOrder], Any]) -> list[Layout[Any]]:
        free = room(self.admission.book(), (), self.idle()).free
        places = torch_places(size, free, accelerated=order.record.options.gpu_layers != 0)
        layouts = []
        for place in places:
            plan = LoadPlan(devices=(place.device,) if place.device else ())
            note = "on processors, as no accelerator takes it" if len(places) > 1 and not place.device else ""
            demand = Demand(purpose(order.record.name), place.needed)
            layouts.append(Layout(partial(open_one, replace(order, plan=plan)), demand, note, plan))
        return layouts

    def _shared(self, order: LoadOrder, open_one: Callable[[LoadOrder], Any]) -> Layout[Any]:
        """For a server of ours that lays out its memory by itself."""
        share = server_share(room(self.admission.book(), (), self.idle()))
        wished = wish(self.settings, order.record).plan()
        plan = replace(wished, devices=(share.device,) if share.device else ())
        planned = replace(order, plan=plan, memory_part=share.part)
        return Layout(lambda: open_one(planned), Demand(purpose(order.record.name), share.needed))

    def _placed(self, order: LoadOrder, placed: Placed, open_one: Callable[[LoadOrder], Any]) -> Layout[Any]:
        planned = replace(order, plan=placed.plan)
        before: dict[str, int] = {}

        def opened() -> AbstractContextManager[Any]:
            if placed.plan.devices:
                before.update(self.used())
            found: AbstractContextManager[Any] = open_one(planned)
            return found

        return Layout(
            opened,
            Demand(purpose(order.record.name), placed.needed),
            placed.plan.note,
            placed.plan,
            lambda model, seconds: self._remember(planned, model, seconds, before),
        )

    def _remember(self, order: LoadOrder, model: object, seconds: float, before: Mapping[str, int]) -> None:
        if isinstance(model, SupportsMeasuring):
            now = self.used() if order.plan.devices else {}
            taken = seen(model.footprint(), {name: use - before.get(name, 0) for name, use in now.items()})
            self.remembering.remember(order.info.content_hash, order.plan, taken, at=time.time(), load_seconds=seconds)
