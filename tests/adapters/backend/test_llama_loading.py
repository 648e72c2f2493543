"""A load that nobody waits for any more ends in the middle of its file, and leaves nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from generation_orders import generation_order
from made_models import made_model

from janus_lab.adapters.backend.llama_cpp import open_llama
from janus_lab.adapters.backend.llama_encoder import opened_encoder
from janus_lab.errors import ModelFailed, RunCancelled


class Wanted:
    """Asked so often, it no longer is."""

    def __init__(self, times):
        self.left, self.asked = times, 0

    def __call__(self):
        self.asked += 1
        if self.asked > self.left:
            raise RunCancelled("enough", remedy="repeat")


@pytest.fixture(scope="module")
def order(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return generation_order(folder, uri=made_model(folder / "m.gguf", "llama", layers=6).as_uri())


@pytest.mark.parametrize("opened", [open_llama, opened_encoder])
def test_a_load_is_given_up_between_two_tensors(order, opened):
    patient = Wanted(10_000)
    with opened(replace(order, still_wanted=patient)):
        asked = patient.asked
    assert asked > 6 * 9, "llama.cpp asks after each tensor"
    assert patient.asked == asked, "who has the model is not asked any more"
    for times in (0, 1, asked // 2, asked - 1):
        wanted = Wanted(times)
        with pytest.raises(RunCancelled, match="enough"), opened(replace(order, still_wanted=wanted)):
            pass
        assert wanted.asked == times + 1
    with opened(order):
        pass


def test_a_file_that_is_none_is_still_said_to_be_so(order, tmp_path):
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + b"\0" * 64)
    broken = generation_order(tmp_path, uri=(tmp_path / "broken.gguf").as_uri())
    with pytest.raises(ModelFailed, match=r"broken\.gguf"), open_llama(replace(broken, still_wanted=Wanted(100))):
        pass
