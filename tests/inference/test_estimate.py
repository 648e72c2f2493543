"""What models are expected to take before they are loaded."""

from __future__ import annotations

from janus_lab.inference.estimate import embedding_demand
from janus_lab.values.lease import RAM

MB = 1_000_000


def test_a_model_takes_up_to_twice_its_file_and_buffers_and_is_called_by_its_name(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(bytes(MB))
    demand = embedding_demand("all-MiniLM-L6-v2", path)
    assert demand.purpose == "model all-MiniLM-L6-v2"
    assert demand.weights == {RAM: 98 * MB}
