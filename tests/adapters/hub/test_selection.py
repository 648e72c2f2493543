"""Which files an address means."""

from __future__ import annotations

import pytest

from janus_lab.adapters.hub.address import HubAddress
from janus_lab.adapters.hub.cache_folder import CacheFolder
from janus_lab.adapters.hub.selection import select
from janus_lab.errors import NotFound, UsageError
from janus_lab.values.gguf_parts import parts_of

COMMIT = "a" * 40


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("hf://org/model", HubAddress("org/model")),
        ("hf://org/mo.del-1_x/model.gguf", HubAddress("org/mo.del-1_x", "model.gguf")),
        ("hf://org/model/a/b c.gguf@v1.0", HubAddress("org/model", "a/b c.gguf", "v1.0")),
        ("hf://org/model/a/b%20c.gguf@refs%2Fpr%2F1", HubAddress("org/model", "a/b c.gguf", "refs/pr/1")),
        (f"hf://org/model@{COMMIT}", HubAddress("org/model", "", COMMIT)),
    ],
)
def test_addresses_are_read_and_written(uri, address):
    assert HubAddress.parse(uri) == address
    assert HubAddress.parse(address.uri) == address


@pytest.mark.parametrize(
    "uri",
    [
        "hf://",
        "hf://org",
        "hf:///model",
        "hf://../model",
        "hf://org/..",
        "hf://org/model/../../etc/passwd",
        "hf://org/model/%2e%2e/x",
        "hf://org/model//x",
        "hf://org/model/a@b@c",
        "hf://org/model@..%2F..%2F..%2Fsecret",
        "hf://org/model@/etc/passwd",
        "hf://org/mo%00del",
        "hf://org/model/a\\b",
        "hf://o?g/model",
        "https://org/model",
    ],
)
def test_what_is_no_address_is_refused(uri):
    with pytest.raises(UsageError, match=r"names no (repository|file|revision)"):
        HubAddress.parse(uri)


def test_a_note_of_a_commit_leads_nowhere_else(tmp_path):
    folder = CacheFolder("org/model", tmp_path)
    for noted, commit in ((COMMIT, COMMIT), ("../../..", ""), ("main", "")):
        folder.remember("main", noted)
        assert folder.commit(HubAddress("org/model")) == commit


def test_a_named_file_is_taken_with_its_parts_and_card():
    names = [f"m-{n:05}-of-00003.gguf" for n in (1, 2, 3)] + ["README.md", "other.gguf"]
    chosen = select(HubAddress("o/m", "m-00002-of-00003.gguf"), names)
    assert chosen.weights == tuple(names[:3])
    assert chosen.beside == ("README.md",)


def test_a_missing_part_is_named():
    with pytest.raises(NotFound, match="m-00002-of-00002"):
        select(HubAddress("o/m", "m-00001-of-00002.gguf"), ["m-00001-of-00002.gguf"])


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["only.gguf", "mmproj-only.gguf"], "only.gguf"),
        (["m-Q2_K.gguf", "m-Q4_K_M.gguf", "m-Q8_0.gguf"], "m-Q4_K_M.gguf"),
        (["m.q4_0.gguf", "m.q8_0.gguf"], "m.q4_0.gguf"),
        (["big-00001-of-00002.gguf", "big-00002-of-00002.gguf"], "big-00001-of-00002.gguf"),
        (["onnx/model.onnx", "onnx/model_quantized.onnx"], "onnx/model_quantized.onnx"),
    ],
)
def test_without_a_name_the_suitable_file_is_taken(names, chosen):
    assert select(HubAddress("o/m"), names).weights[0] == chosen


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["onnx/model.onnx", "onnx/model_quantized.onnx"], "onnx/model.onnx"),
        (["model.onnx", "onnx/model_int8.onnx"], "model.onnx"),
        (["onnx/model_quantized.onnx"], "onnx/model_quantized.onnx"),
    ],
)
def test_of_what_is_rounded_here_the_whole_is_taken_where_there_is_one(names, chosen):
    assert select(HubAddress("o/m"), names, ["BertModel"]).weights[0] == chosen


@pytest.mark.parametrize("names", [["a-IQ2.gguf", "b-IQ3.gguf"], ["model.safetensors"], []])
def test_where_nothing_or_too_much_suits_the_choice_is_told(names):
    with pytest.raises(NotFound) as caught:
        select(HubAddress("o/m"), names)
    assert all(name in caught.value.remedy for name in names if name.endswith("gguf"))


def test_an_onnx_model_comes_with_what_belongs_to_it():
    names = ["onnx/model.onnx", "onnx/model.onnx_data", "onnx/tokenizer.json", "tokenizer.json", "config.json"]
    chosen = select(HubAddress("o/m", "onnx/model.onnx"), names)
    assert chosen.weights == ("onnx/model.onnx", "onnx/model.onnx_data")
    assert chosen.beside == ("onnx/tokenizer.json", "config.json")


def test_safetensors_come_with_all_that_sentence_transformers_reads():
    small = ["1_Pooling/config.json", "2_Dense/config.json", "2_Dense/model.safetensors", "config.json", "modules.json"]
    others = ["pytorch_model.bin", "2_Dense/pytorch_model.bin", "onnx/config.json", "model.py", "train_script.py"]
    chosen = select(HubAddress("o/m", "model.safetensors"), ["model.safetensors", "README.md", *small, *others])
    assert chosen.weights == ("model.safetensors",)
    assert chosen.beside == (*small, "README.md")


@pytest.mark.parametrize("name", ["m-00000-of-00000.gguf", "m-00005-of-00002.gguf", "m-00001-of-99999.gguf"])
def test_absurd_parts_are_one_file(name):
    assert parts_of(name) == (name,)
