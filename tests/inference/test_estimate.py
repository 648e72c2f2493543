"""What models are expected to take before they are loaded."""

from __future__ import annotations

from model_shapes import shape

from janus_lab.inference.estimate import embedding_demand, encoder_demand
from janus_lab.values.lease import RAM

MB = 1_000_000


def test_a_model_takes_up_to_twice_its_file_and_buffers_and_is_called_by_its_name(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(bytes(MB))
    demand = embedding_demand("all-MiniLM-L6-v2", path)
    assert demand.purpose == "model all-MiniLM-L6-v2"
    assert demand.weights == {RAM: 98 * MB}


def test_an_encoder_in_a_gguf_file_takes_its_weights_and_room_for_one_batch():
    model = shape(1.0)
    demand = encoder_demand("encoder", model, 512)
    assert demand.purpose == "model encoder"
    # A cache of 512 positions, and twice the likelihoods of all tokens: as computed, and as handed out.
    room = 512 * 32 * 2 * 1024 * 2 + 2 * 512 * 4 * model.vocabulary
    assert 0 < demand.weights[RAM] - 1_000_000_000 - room < 150 * MB
