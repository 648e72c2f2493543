from __future__ import annotations

import gc

import psutil
import pytest
from generation_orders import generation_order

from janus_lab.adapters.backend.llama_cpp import open_llama
from janus_lab.errors import ModelFailed
from janus_lab.ports.generation import SupportsMeasuring
from janus_lab.values.generation import GenerationRequest, Message
from janus_lab.values.lease import RAM
from janus_lab.values.model import LoadPlan, Origin

LONG = "The keeper of the tower counted ships, lamps and gulls. " * 60


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def order(cache):
    return generation_order(cache)


@pytest.fixture
def model(order):
    with open_llama(order) as opened:
        yield opened


def order_for(path):
    return generation_order(path.parent, uri=path.as_uri())


def say_first(model, text):
    next(iter(model.stream(GenerationRequest((Message("user", text),), 2), cancelled=lambda: False)))


def test_weights_that_are_slow_here_are_converted_once(order, cache, model):
    (made,) = cache.glob("*.gguf")
    assert "q8_0" in made.name
    assert model.info.variant.startswith("q8_0")
    written = made.stat().st_mtime_ns
    with open_llama(order):
        assert made.stat().st_mtime_ns == written


def test_a_prefix_that_was_read_is_not_read_again(model):
    context, used = model._engine._context, []
    read = context.read
    context.read = lambda batch: used.append(batch.used) or read(batch)
    say_first(model, LONG + "What did the keeper count?")
    fresh = sum(used)
    say_first(model, LONG + "Where did the keeper stand?")
    assert fresh > 600
    assert sum(used) - fresh < 50


@pytest.mark.parametrize("content", [b"", b"no model at all", b"GGUF\x03\x00\x00\x00" + b"\xff" * 64])
def test_a_broken_file_is_refused_and_nothing_is_printed(tmp_path, capfd, content):
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFailed, match=r"broken\.gguf") as caught, open_llama(order_for(path)):
        pass
    assert str(path) in caught.value.remedy
    assert capfd.readouterr() == ("", "")


def test_a_file_cut_short_is_refused(tmp_path, order):
    path = tmp_path / "short.gguf"
    path.write_bytes(order.file.read_bytes()[:30_000_000])
    with pytest.raises(ModelFailed), open_llama(order_for(path)):
        pass


def test_closing_gives_the_memory_back_and_later_requests_fail_clearly(order):
    process = psutil.Process()
    with open_llama(order) as model:
        say_first(model, LONG)
        loaded = process.memory_info().rss
    gc.collect()
    assert process.memory_info().rss < loaded - 80 * 1024**2
    with pytest.raises(ModelFailed, match="unloaded"):
        say_first(model, "hello")


def test_it_tells_what_it_takes_of_memory(model):
    assert isinstance(model, SupportsMeasuring)
    taken = model.footprint()
    assert taken.origin is Origin.MEASURED
    # The converted weights, and 30 layers' keys and values of three heads for every position.
    assert taken.weights[RAM] == pytest.approx(145_000_000, rel=0.02)
    assert taken.cache[RAM] == pytest.approx(LoadPlan().cells * 30 * 2 * 3 * 64 * 2, rel=0.01)
    assert 0 < taken.compute[RAM] < 30_000_000
