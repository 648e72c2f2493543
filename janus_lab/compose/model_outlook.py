"""What can be told of a model before it is loaded: its files, what their metadata says, and how it would fit."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from janus_lab.compose.accelerators import CUDA, expected
from janus_lab.compose.catalogs import open_catalog
from janus_lab.compose.load_orders import load_order
from janus_lab.compose.model_places import placed
from janus_lab.compose.model_ways import encoding, is_written_by_llama, layered, on_torch
from janus_lab.compose.models import roster
from janus_lab.inference.foresight import foreseen
from janus_lab.inference.remembering import Remembering
from janus_lab.lab.registry import Models
from janus_lab.lab.residents import residents
from janus_lab.ports.engine_room import EngineRoom
from janus_lab.ports.index_notes import IndexNotes
from janus_lab.ports.measurements import Measurements
from janus_lab.ports.model_registry import ModelRegistry
from janus_lab.resources.budgets import MB, budgets
from janus_lab.resources.visible import visible
from janus_lab.resources.wish import Room, room_in
from janus_lab.runs.client import RunClient
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.values.index_generation import IndexGeneration
from janus_lab.values.lease import RAM, LeaseBook, vram
from janus_lab.values.machine import Device, Sample
from janus_lab.values.model import ModelFiles, ModelRecord, ModelShape
from janus_lab.values.model_status import Fit


def known_models(
    settings: Settings, engine_room: EngineRoom, resources: ExitStack, notes: Callable[[], IndexNotes]
) -> Callable[[RunClient], Models]:
    """What makes a lab's models, once there is a client for its runs."""
    url = settings.url("relational_url")
    registry: ModelRegistry = resources.enter_context(factory("model registry", url)(url))
    measurements: Measurements = resources.enter_context(factory("measurements", url)(url))
    outlook = ModelOutlook(settings, Remembering(measurements, settings.machine_name), notes)

    def made(client: RunClient) -> Models:
        return Models(
            client=client,
            registry=registry,
            measurements=measurements,
            roster=roster(settings, registry),
            outlook=outlook,
            reached=engine_room.reached,
            machine=settings.machine_name,
        )

    return made


class ModelOutlook:
    """See `janus_lab.lab.outlook.Outlook`."""

    def __init__(self, settings: Settings, remembering: Remembering, notes: Callable[[], IndexNotes]) -> None:
        self._settings = settings
        self._catalog = open_catalog(settings)
        self._remembering = remembering
        self._notes = notes
        self._shapes: dict[str, ModelShape] = {}

    def placed(self, record: ModelRecord) -> ModelRecord:
        """The record with its address as it is kept."""
        return placed(self._settings, record)

    def indexes(self) -> Sequence[IndexGeneration]:
        """What serves each collection."""
        return self._notes().serving()

    def files(self, record: ModelRecord) -> ModelFiles | None:
        """Its files; None for a server's model."""
        return load_order(self._settings, self._catalog, record).files

    def shape(self, record: ModelRecord, files: ModelFiles) -> ModelShape | None:
        """What its file's metadata says."""
        if not is_written_by_llama(record, files):
            return None
        from janus_lab.adapters.backend.gguf_shape import read_shape

        if files.content_hash not in self._shapes:
            self._shapes[files.content_hash] = read_shape(files.paths)
        return self._shapes[files.content_hash]

    def fit(
        self, record: ModelRecord, files: ModelFiles, shape: ModelShape | None, book: LeaseBook | None
    ) -> Fit | None:
        """How it would be laid out on this machine now, if nobody made room for it: which models are idle only their processes know."""
        sample = self._sample()
        devices = visible(sample.devices, CUDA, os.environ) if on_torch(files) else expected(sample.devices)
        here = _left(record, book, devices) if book is not None and book.open else self._alone(sample, devices)
        order = load_order(self._settings, self._catalog, record)
        if shape is None:
            ways = encoding(self._settings, order, files, here)
        else:
            ways = layered(self._settings, order, shape, here, self._remembering.estimate(files.content_hash))
        return foreseen([way.placed for way in ways], here)

    def _alone(self, sample: Sample, devices: Sequence[Device]) -> Room:
        """What there is while nobody holds a lease."""
        whole = budgets(sample, self._settings)
        used: Mapping[str, int] = {
            RAM: sample.ram_used + self._settings.ram_headroom_mb * MB,
            **{vram(one.id): one.memory_used + self._settings.vram_headroom_mb * MB for one in sample.devices},
        }
        total = {RAM: sample.ram_total, **{vram(one.id): one.memory_total for one in sample.devices}}
        free = {name: max(0, min(whole[name], total[name] - used[name])) for name in total if name in whole}
        return Room(free, whole, devices)

    def _sample(self) -> Sample:
        with factory("probe", self._settings.probe_url)(
            self._settings.url("probe_url"), machine=self._settings.machine_name
        ) as probe:
            sample: Sample = probe.sample(())
        return sample


def _left(record: ModelRecord, book: LeaseBook, devices: Sequence[Device]) -> Room:
    """What a machine has left for a model; what it holds itself is not in its way."""
    own: dict[str, int] = {}
    for one in residents(record.name, [book]):
        for name, amount in one.covered.items():
            own[name] = own.get(name, 0) + amount
    return room_in(book, devices, own)
