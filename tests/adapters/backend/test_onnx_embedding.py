from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from embedding_orders import MINILM, embedding_order
from onnx import TensorProto, helper
from tokenizers import Tokenizer

from janus_lab.adapters.backend.onnx_embedding import open_embedding
from janus_lab.errors import ModelFailed, SettingsError
from janus_lab.inference.catalog import Catalog
from janus_lab.values.model import ModelFiles

TEXTS = ["Tides follow the moon.", "The keeper counted forty-two ships before breakfast and wrote it down. " * 5, "x"]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    return Catalog(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Opens the packaged model at a precision."""
    cache = tmp_path_factory.mktemp("prepared")
    return lambda precision: open_embedding(embedding_order(cache, precision=precision))


def packaged(catalog, texts):
    """The packaged graph run as its authors mean it: mean over all tokens, then unit length."""
    session = onnxruntime.InferenceSession(str(catalog.find(MINILM).path), providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(catalog.tokenizer(MINILM)))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    rows = []
    for text in texts:
        ids = np.array([tokenizer.encode(text).ids])
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        mean = session.run(None, feeds)[0][0].mean(axis=0)
        rows.append(mean / np.linalg.norm(mean))
    return np.stack(rows)


def test_the_fp32_graph_computes_what_the_packaged_one_does(catalog, opened):
    with opened("fp32") as model:
        np.testing.assert_allclose(model.embed(TEXTS), packaged(catalog, TEXTS), atol=2e-6)


def test_the_int8_graph_is_near_it(catalog, opened):
    with opened("int8") as model:
        cosines = (model.embed(TEXTS) * packaged(catalog, TEXTS)).sum(axis=1)
    assert cosines[:2].min() > 0.997
    assert cosines[2] > 0.985  # a single letter has nothing to average over


def test_int8_does_not_depend_on_the_batch_at_all(opened):
    """One scale for the whole batch would move these by a few hundredths."""
    with opened("int8") as model:
        alone = np.concatenate([model.embed([text]) for text in TEXTS])
        np.testing.assert_allclose(model.embed(TEXTS), alone, atol=1e-5)


def test_each_precision_is_a_model_of_its_own(opened):
    with opened("int8") as fast, opened("fp32") as exact:
        assert fast.info.content_hash == exact.info.content_hash
        assert fast.info.fingerprint != exact.info.fingerprint


def test_an_unknown_precision_is_a_wrong_setting(opened):
    with pytest.raises(SettingsError, match="bf7"), opened("bf7"):
        pass


def refused(path, cache):
    order = embedding_order(cache)
    files = ModelFiles(path.as_uri(), (str(path),), path.stat().st_size, "f" * 64, "unknown")
    broken = replace(order, files=files, info=replace(order.info, content_hash="f" * 64))
    with pytest.raises(ModelFailed) as caught, open_embedding(broken):
        pass
    assert str(path) in caught.value.remedy
    return caught.value.message


@pytest.mark.parametrize("content", [b"", b"this is no graph" * 100, b"\x08\x08\x12\x07pytorch"])
def test_a_broken_file_is_refused(tmp_path, content):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    assert "model.onnx" in refused(path, tmp_path / "cache")


def test_a_file_cut_short_is_refused(tmp_path, catalog):
    path = tmp_path / "model.onnx"
    path.write_bytes(catalog.find(MINILM).path.read_bytes()[:4_000_000])
    refused(path, tmp_path / "cache")


def test_a_graph_that_is_no_encoder_is_refused(tmp_path):
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [value])
    path = tmp_path / "other.onnx"
    onnx.save(helper.make_model(graph), str(path))
    assert "no graph over token ids" in refused(path, tmp_path / "cache")


def test_a_broken_prepared_file_says_which_one_to_remove(tmp_path):
    with open_embedding(embedding_order(tmp_path)):
        pass
    (made,) = tmp_path.glob("*.onnx")
    made.write_bytes(made.read_bytes()[:1000])
    with pytest.raises(ModelFailed) as caught, open_embedding(embedding_order(tmp_path)):
        pass
    assert str(made) in caught.value.remedy


def test_a_broken_tokenizer_is_refused(tmp_path):
    broken = tmp_path / "tokenizer.json"
    broken.write_text("{")
    with (
        pytest.raises(ModelFailed, match=r"tokenizer\.json"),
        open_embedding(replace(embedding_order(tmp_path), tokenizer=broken)),
    ):
        pass
