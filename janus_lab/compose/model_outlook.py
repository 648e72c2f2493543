"""What can be told of a model before it is loaded: its files, what their metadata says, and how it would fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack

from janus_lab.compose.catalogs import open_catalog
from janus_lab.compose.load_orders import load_order
from janus_lab.compose.model_layouts import GGUF, encoding, room, wish
from janus_lab.compose.models import roster
from janus_lab.inference.remembering import Remembering
from janus_lab.lab.registry import Models
from janus_lab.ports.engine_room import EngineRoom
from janus_lab.ports.measurements import Measurements
from janus_lab.ports.model_registry import ModelRegistry
from janus_lab.resources.budgets import MB, budgets
from janus_lab.resources.placement import fit
from janus_lab.resources.wish import Room
from janus_lab.runs.client import RunClient
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.values.lease import RAM, LeaseBook, vram
from janus_lab.values.machine import Sample
from janus_lab.values.model import Footprint, LoadPlan, ModelFiles, ModelRecord, ModelShape, ModelTask
from janus_lab.values.model_status import Fit


def known_models(settings: Settings, engine_room: EngineRoom, resources: ExitStack) -> Callable[[RunClient], Models]:
    """What makes a lab's models, once there is a client for its runs."""
    url = settings.url("relational_url")
    registry: ModelRegistry = resources.enter_context(factory("model registry", url)(url))
    measurements: Measurements = resources.enter_context(factory("measurements", url)(url))
    outlook = ModelOutlook(settings, Remembering(measurements, settings.machine_name))

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
    """See `janus_lab.lab.registry.Outlook`."""

    def __init__(self, settings: Settings, remembering: Remembering) -> None:
        self._settings = settings
        self._catalog = open_catalog(settings)
        self._remembering = remembering
        self._shapes: dict[str, ModelShape] = {}

    def files(self, record: ModelRecord) -> ModelFiles | None:
        """Its files; None for a server's model."""
        return load_order(self._settings, self._catalog, record).files

    def shape(self, record: ModelRecord, files: ModelFiles) -> ModelShape | None:
        """What its file's metadata says."""
        if record.task is not ModelTask.GENERATION or not files.paths[0].endswith(GGUF):
            return None
        from janus_lab.adapters.backend.gguf_shape import read_shape

        if files.content_hash not in self._shapes:
            self._shapes[files.content_hash] = read_shape(files.paths)
        return self._shapes[files.content_hash]

    def fit(
        self, record: ModelRecord, files: ModelFiles, shape: ModelShape | None, book: LeaseBook | None
    ) -> Fit | None:
        """How it would be laid out on this machine now."""
        sample = self._sample()
        here = room(book, sample.devices, {}) if book is not None and book.open else self._alone(sample)
        if shape is not None:
            estimate = self._remembering.estimate(files.content_hash)
            return fit(shape, wish(self._settings, record), here, estimate)
        needed = encoding(self._settings, record, files).weights[RAM]
        return Fit(
            LoadPlan(self._settings.context_tokens),
            Footprint({RAM: needed}, {}, {}),
            {RAM: here.free.get(RAM, 0)},
            {RAM: here.budgets.get(RAM, 0)},
            now=needed <= here.free.get(RAM, 0),
            ever=needed <= here.budgets.get(RAM, 0),
        )

    def _alone(self, sample: Sample) -> Room:
        """What there is while nobody holds a lease."""
        whole = budgets(sample, self._settings)
        used: Mapping[str, int] = {
            RAM: sample.ram_used + self._settings.ram_headroom_mb * MB,
            **{vram(one.id): one.memory_used + self._settings.vram_headroom_mb * MB for one in sample.devices},
        }
        total = {RAM: sample.ram_total, **{vram(one.id): one.memory_total for one in sample.devices}}
        free = {name: max(0, min(whole[name], total[name] - used[name])) for name in total if name in whole}
        return Room(free, whole, sample.devices)

    def _sample(self) -> Sample:
        with factory("probe", self._settings.probe_url)(
            self._settings.url("probe_url"), machine=self._settings.machine_name
        ) as probe:
            sample: Sample = probe.sample(())
        return sample
