"""The ways in which a model may be loaded into a room, the best first: for whoever loads it, and for whoever only asks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from janus_lab.inference.estimate import embedding_demand, encoder_demand
from janus_lab.resources.placement import Estimate, Placed, placements
from janus_lab.resources.server_share import server_share
from janus_lab.resources.torch_memory import torch_places
from janus_lab.resources.wish import Room, Wish
from janus_lab.scheduler.demand import Demand
from janus_lab.settings import Settings
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import Footprint, LoadPlan, ModelFiles, ModelRecord, ModelShape, ModelTask

GGUF, SAFETENSORS = ".gguf", ".safetensors"


@dataclass(frozen=True, slots=True)
class Way:
    """The order to open a model in one way, and what it takes then. `whole` says that accelerators alone compute."""

    order: LoadOrder
    placed: Placed
    whole: bool = False


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


def is_written_by_llama(record: ModelRecord, files: ModelFiles) -> bool:
    """Whether llama.cpp writes with it, so that it can be laid out in many ways."""
    return record.task is ModelTask.GENERATION and files.paths[0].endswith(GGUF)


def on_torch(files: ModelFiles) -> bool:
    """Whether torch computes with it."""
    return files.paths[0].endswith(SAFETENSORS)


def layered(settings: Settings, order: LoadOrder, shape: ModelShape, room: Room, estimate: Estimate) -> list[Way]:
    """Of a model that llama.cpp writes with."""
    every = len(shape.layer_bytes) + 1
    placed = placements(shape, wish(settings, order.record), room, estimate)
    return [Way(replace(order, plan=one.plan), one, one.plan.gpu_layers >= every) for one in placed]


def encoding(settings: Settings, order: LoadOrder, files: ModelFiles, room: Room) -> list[Way]:
    """Of an embedding model or a reranker in files. Raises CorruptFile."""
    if not on_torch(files):
        needed = _on_processors(settings, order.record, files).weights
        return [Way(order, Placed(order.plan, Footprint(needed, {}, {}), needed, ()))]
    places = torch_places(files.size, room.seen().free, accelerated=order.record.options.gpu_layers != 0)
    ways = []
    for place in places:
        steps = ("on processors, as no accelerator takes it",) if len(places) > 1 and not place.device else ()
        plan = LoadPlan(devices=(place.device,) if place.device else (), note="; ".join(steps))
        placed = Placed(plan, Footprint(place.needed, {}, {}), place.needed, steps)
        ways.append(Way(replace(order, plan=plan), placed, bool(place.device)))
    return ways


def shared(settings: Settings, order: LoadOrder, room: Room) -> Way:
    """Of a model on a server of ours that lays out its memory by itself."""
    share = server_share(room.seen())
    wished = wish(settings, order.record).plan()
    plan = replace(wished, devices=(share.device,) if share.device else ())
    placed = Placed(plan, Footprint(share.needed, {}, {}), share.needed, ())
    return Way(replace(order, plan=plan, memory_part=share.part), placed, bool(share.device))


def _on_processors(settings: Settings, record: ModelRecord, files: ModelFiles) -> Demand:
    path = Path(files.paths[0])
    if path.suffix != GGUF:
        return embedding_demand(record.name, path)
    from janus_lab.adapters.backend.gguf_shape import read_shape

    batch = max(settings.embedding_batch_tokens, record.options.context_tokens)
    return encoder_demand(record.name, read_shape(files.paths), batch)
