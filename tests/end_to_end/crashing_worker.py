"""A real worker whose native library crashes, with a real SIGSEGV, when it opens the model `crasher`, or `talker` says a word."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from janus_lab.compose import models
from janus_lab.compose.worker import SweepingWorker, open_worker
from janus_lab.ports.generation import GenerationBackend
from janus_lab.settings import Settings
from janus_lab.values.generation import GenerationRequest, Token
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import ModelRecord

_opener = models._opener


class Talker:
    """Crashes when it is to say something."""

    def __init__(self, model: GenerationBackend) -> None:
        self.info = model.info
        self.count_tokens = model.count_tokens

    def stream(self, _request: GenerationRequest, **_how: object) -> Iterator[Token]:
        """Say nothing ever."""
        os.kill(os.getpid(), signal.SIGSEGV)
        yield Token("")


def _crashing(record: ModelRecord) -> models.Open:
    @contextmanager
    def crash(_order: LoadOrder) -> Iterator[None]:
        os.kill(os.getpid(), signal.SIGSEGV)
        yield

    @contextmanager
    def talk(order: LoadOrder) -> Iterator[Talker]:
        with _opener(record)(order) as model:
            yield Talker(model)

    return {"crasher": crash, "talker": talk}.get(record.name, _opener(record))


@contextmanager
def open_crashing(settings: Settings) -> Iterator[SweepingWorker]:
    models._opener = _crashing
    with open_worker(settings) as carrier:
        yield carrier
