"""What models are expected to take before they are loaded."""

from __future__ import annotations

import pytest

from janus_lab.inference.catalog import Catalog
from janus_lab.inference.estimate import embedding_demand, generation_demand
from janus_lab.settings import load_settings
from janus_lab.values.lease import RAM

MB = 1_000_000


def test_a_file_that_is_converted_takes_twice_its_size():
    settings = load_settings("/nowhere")
    entry = Catalog(settings.model_cache).find(settings.generation_model)
    size = entry.path.stat().st_size
    assert generation_demand("x", entry.path, 0).weights == {RAM: 2 * size + 128 * MB}


@pytest.mark.parametrize("kind", [b"general.file_type\x04\x00\x00\x00\x0f\x00\x00\x00", b"nothing"])
def test_any_other_takes_its_size_beside_cache_and_buffers(tmp_path, kind):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + kind + bytes(5 * MB))
    demand = generation_demand("Great-7B", path, 1000)
    assert demand.weights == {RAM: path.stat().st_size + 64 * MB + 128 * MB}
    assert demand.purpose == "model Great-7B"


def test_a_model_is_called_by_its_name(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(bytes(MB))
    assert embedding_demand("all-MiniLM-L6-v2", path).purpose == "model all-MiniLM-L6-v2"
