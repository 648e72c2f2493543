from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pytest

from janus_lab.errors import EngineError, ModelFailed, SettingsError
from janus_lab.inference.residency import ModelChoice, Residency
from janus_lab.scheduler.demand import Demand
from janus_lab.values.generation import FinishReason, GenerationRequest, Message, ModelInfo, Token
from janus_lab.values.lease import CPU, RAM
from tests.admitting import admission_over, leases_over

REQUEST = GenerationRequest((Message("user", "hello"),), 3)


class Echo:
    info = ModelInfo("file:///echo", "echo", "0" * 64, "MIT", context_tokens=10)

    def count_tokens(self, messages):
        return len(messages)

    def stream(self, request, *, cancelled):
        yield Token(request.messages[-1].content, FinishReason.STOP)


class Loads:
    """Opens `Echo`, slowly, and counts."""

    def __init__(self, failures=0):
        self.opened = self.closed = 0
        self.failures = failures

    @contextmanager
    def __call__(self):
        time.sleep(0.02)
        self.opened += 1
        if self.opened <= self.failures:
            raise ModelFailed("no", remedy="repeat")
        yield Echo()
        self.closed += 1


@pytest.fixture
def residency(cache):
    with admission_over(leases_over({RAM: 100, CPU: 1})) as admission:

        def make(loads):
            choice = ModelChoice(loads, lambda: Demand("model", {RAM: 60}), Demand("computing", {CPU: 1}))
            return Residency(admission, embedding=choice, generation=choice, cache=cache)

        yield make


def test_a_model_is_loaded_at_its_first_use_and_unloaded_at_the_end(residency):
    loads = Loads()
    with residency(loads) as models:
        generator = models.generator()
        models.embedder()
        assert loads.opened == 0
        assert [t.text for t in generator.stream(REQUEST, cancelled=lambda: False)] == ["hello"]
        assert generator.count_tokens(REQUEST.messages) == 1
        assert generator.info.name == "echo"
        assert (loads.opened, loads.closed) == (1, 0)
    assert loads.closed == 1
    with pytest.raises(EngineError, match="unloaded"):
        generator.info  # noqa: B018


def test_threads_that_come_together_load_once(residency):
    loads = Loads()
    with residency(loads) as models:
        threads = [threading.Thread(target=lambda: models.generator().info) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert loads.opened == 1


def test_a_load_that_failed_is_tried_again(residency):
    loads = Loads(failures=1)
    with residency(loads) as models:
        with pytest.raises(ModelFailed):
            models.generator().count_tokens(())
        assert models.generator().count_tokens(()) == 0


def test_a_backend_that_cannot_score_says_so(residency):
    with residency(Loads()) as models, pytest.raises(SettingsError, match="score"):
        models.generator().score((), ["a"])
