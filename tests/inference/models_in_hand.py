"""Models for tests of the manager: backends that say their name, opened as a test wants, and a residency over them."""

from __future__ import annotations

import time
from contextlib import contextmanager

from janus_lab.adapters.models.memory import open_model_registry
from janus_lab.errors import ModelFailed
from janus_lab.inference.circuit import Breaker
from janus_lab.inference.layout import Layout, Loadable
from janus_lab.inference.residency import Residency
from janus_lab.inference.roster import Roster
from janus_lab.resources.placement import Placed
from janus_lab.scheduler.demand import Demand
from janus_lab.values.generation import FinishReason, GenerationRequest, Message, ModelInfo, Token, Usage
from janus_lab.values.lease import CPU, RAM
from janus_lab.values.load_order import always
from janus_lab.values.model import Footprint, LoadPlan, ModelOptions, ModelRecord, ModelTask

REQUEST = GenerationRequest((Message("user", "hello"),), 3)


def never():
    return False


def layout(name, weights, opens, *steps):
    """A way to load a model that takes so much, with what was conceded."""
    plan = LoadPlan(note="; ".join(steps))
    return Layout(opens, Demand(f"model {name}", weights), Placed(plan, Footprint(weights, {}, {}), weights, steps))


class EngineGone(ModelFailed):
    """What ends the engine of a model, not one request alone."""


class Echo:
    """Says the model's name and the last message."""

    def __init__(self, name, errors, pieces_before):
        self.info = ModelInfo(f"file:///{name}", name, "0" * 64, "MIT", context_tokens=10)
        self._errors, self._pieces_before = errors, pieces_before
        self.ended = False

    def count_tokens(self, messages, tools=()):
        return len(messages)

    def stream(self, request, *, cancelled):
        name = self.info.name
        for _ in range(self._pieces_before.get(name, 0)):
            yield Token("so ")
        if (error := self._errors.get(name)) is not None:
            self.ended = isinstance(error, EngineGone)
            raise error
        yield Token(f"{self.info.name}: {request.messages[-1].content}", FinishReason.STOP, usage=Usage(1, 2))


class House:
    """Models by name, each with what a test says of it: `ram` it takes, `load` and `speak` errors, ways to be laid out smaller."""

    def __init__(self, admission, cache, *, fallback=True):
        self.registry_context = open_model_registry()
        self.registry = self.registry_context.__enter__()
        self.admission, self.cache, self.fallback = admission, cache, fallback
        self.ram, self.load_errors, self.speak_errors, self.pieces_before, self.smaller = {}, {}, {}, {}, {}
        self.opened, self.open, self.load_seconds = [], set(), 0.0
        self.while_loading = lambda: None
        self.idle_seconds = float("inf")
        self.clock = time.time

    def add(self, name, ram=10, *, task=ModelTask.GENERATION, smaller=(), **options):
        self.ram[name], self.smaller[name] = ram, smaller
        record = ModelRecord(name, task, f"file:///{name}.gguf", ModelOptions(**options))
        self.registry.put(record)
        return record

    def residency(self, **settings):
        roster = Roster(self.registry, settings, lambda uri: uri.rpartition("/")[2])
        breaker = Breaker(self.registry, lambda: self.clock())
        return Residency(
            self.admission, roster, self.loadable, cache=self.cache, breaker=breaker, fallback=self.fallback
        )

    def loadable(self, record):
        return Loadable(record, lambda: self.layouts(record), Demand("computing", {CPU: 1}), self.idle_seconds)

    def layouts(self, record):
        name = record.name
        whole = layout(name, {RAM: self.ram[name]}, lambda still_wanted: self.opener(name, still_wanted))
        less = [layout(name, {RAM: ram}, whole.open, f"only {ram}") for ram in self.smaller[name]]
        return [whole, *less]

    @contextmanager
    def opener(self, name, still_wanted=always):
        self.while_loading()
        until = time.monotonic() + self.load_seconds
        while (left := until - time.monotonic()) > 0:
            still_wanted()
            time.sleep(min(left, 0.01))
        if (error := self.load_errors.get(name)) is not None:
            raise error
        self.opened.append(name)
        self.open.add(name)
        try:
            yield Echo(name, self.speak_errors, self.pieces_before)
        finally:
            self.open.discard(name)


def said(models, name=""):
    """What the first model that can says, and its name."""
    pieces = []

    def work(backend):
        pieces.extend(backend.stream(REQUEST, cancelled=never))
        return "".join(piece.text for piece in pieces), pieces[-1].model

    return models.speakers().attempt(work, name=name, begun=lambda: bool(pieces))
