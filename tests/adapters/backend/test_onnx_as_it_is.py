"""ONNX files that no fast graph is made of: run as they are, pooled and cut as the files beside them say."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import onnx
import pytest
from embedding_orders import MINILM, embedding_order
from onnx import numpy_helper

from janus_lab.adapters.backend.embedding_files import open_embedding
from janus_lab.adapters.backend.pooling import Pooling, pooled
from janus_lab.errors import MissingPackage, ModelFailed, SettingsError
from janus_lab.inference.catalog import Catalog
from janus_lab.values.model import ModelOptions

TEXTS = ["Tides follow the moon.", "The keeper counted forty-two ships before breakfast. " * 5, "x"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("prepared")


@pytest.fixture(scope="module")
def exact(cache):
    with open_embedding(embedding_order(cache, precision="fp32")) as model:
        return model.embed(TEXTS)


@pytest.fixture(scope="module")
def repository(tmp_path_factory, cache):
    """A model as repositories keep it: the graph in a folder of its own, of a make that nobody here knows."""
    catalog, folder = Catalog(cache), tmp_path_factory.mktemp("repository")
    (folder / "onnx").mkdir()
    model = onnx.load(str(catalog.find(MINILM).path))
    for node in model.graph.node:
        node.input[:] = [name.replace("encoder.layer", "block") for name in node.input]
    for constant in model.graph.initializer:
        constant.name = constant.name.replace("encoder.layer", "block")
    onnx.save(model, str(folder / "onnx" / "model.onnx"))
    shutil.copy(catalog.tokenizer(MINILM), folder / "tokenizer.json")
    return folder


def embedded(repository, cache, **options):
    order = embedding_order(cache, (repository / "onnx" / "model.onnx").as_uri())
    record = replace(order.record, options=ModelOptions(**options))
    with open_embedding(replace(order, record=record)) as model:
        return model.embed(TEXTS), model.info


@pytest.fixture
def beside(repository):
    """Writes what a repository says of its model, for the length of a test."""
    written = []

    def write(name, facts):
        path = repository / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(facts))
        written.append(path)

    yield write
    for path in written:
        path.unlink()


def test_a_vector_a_token_is_pooled_by_its_mean_if_nothing_is_said(repository, cache, exact):
    found, info = embedded(repository, cache)
    np.testing.assert_allclose(found, exact, atol=1e-5)
    assert (info.dimensions, info.variant, info.context_tokens) == (384, "as-is/1", 256)


def test_pooling_and_window_are_as_the_files_beside_it_say(repository, cache, exact, beside):
    beside("1_Pooling/config.json", {"pooling_mode_cls_token": True})
    beside("sentence_bert_config.json", {"max_seq_length": 128})
    found, info = embedded(repository, cache)
    assert info.context_tokens == 128
    assert (found * exact).sum(axis=1).max() < 0.95
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_a_longer_window_can_be_asked_for(repository, cache):
    assert embedded(repository, cache, context_tokens=300)[1].context_tokens == 300


def test_files_beside_it_that_are_no_json_say_nothing(repository, cache, exact, beside):
    beside("config.json", ["a", "list"])
    (repository / "sentence_bert_config.json").write_text("{")
    try:
        np.testing.assert_allclose(embedded(repository, cache)[0], exact, atol=1e-5)
    finally:
        (repository / "sentence_bert_config.json").unlink()


def test_a_vector_a_text_is_taken_as_it_comes(cache, exact):
    """The fast graph itself, whose weights have other names, gives one."""
    [prepared] = cache.glob("*-fp32-*.onnx")
    folder = cache / "whole"
    folder.mkdir()
    shutil.copy(prepared, folder / "model.onnx")
    shutil.copy(Catalog(cache).tokenizer(MINILM), folder / "tokenizer.json")
    with open_embedding(embedding_order(cache, (folder / "model.onnx").as_uri())) as model:
        np.testing.assert_allclose(model.embed(TEXTS), exact, atol=1e-5)


def test_a_graph_that_gives_no_vectors_is_refused(cache):
    folder = cache / "numbers"
    folder.mkdir()
    ids = onnx.helper.make_tensor_value_info("input_ids", onnx.TensorProto.INT64, ["batch", "tokens"])
    count = onnx.helper.make_tensor_value_info("count", onnx.TensorProto.INT64, [1])
    axes = numpy_helper.from_array(np.array([0, 1]), "axes")
    nodes = [
        onnx.helper.make_node("ReduceSum", ["input_ids", "axes"], ["sum"], keepdims=0),
        onnx.helper.make_node("Reshape", ["sum", "one"], ["count"]),
    ]
    one = numpy_helper.from_array(np.array([1]), "one")
    graph = onnx.helper.make_graph(nodes, "g", [ids], [count], [axes, one])
    opset = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=9), str(folder / "model.onnx"))
    shutil.copy(Catalog(cache).tokenizer(MINILM), folder / "tokenizer.json")
    with (
        pytest.raises(ModelFailed, match="neither of texts nor of tokens"),
        open_embedding(embedding_order(cache, (folder / "model.onnx").as_uri())),
    ):
        pass


def test_embeddings_are_cut_only_where_that_is_asked_for(cache, exact):
    order = embedding_order(cache, precision="fp32")
    record = replace(order.record, options=replace(order.record.options, dimensions=64))
    with open_embedding(replace(order, record=record)) as cut, open_embedding(order) as whole:
        first = exact[:, :64]
        np.testing.assert_allclose(
            cut.embed(TEXTS), first / np.linalg.norm(first, axis=1, keepdims=True), rtol=1e-3, atol=1e-5
        )
        assert (cut.info.dimensions, whole.info.dimensions) == (64, 384)
        assert cut.info.fingerprint != whole.info.fingerprint
        assert cut.count_tokens(TEXTS) == whole.count_tokens(TEXTS)


@pytest.mark.parametrize("dimensions", [-1, 385])
def test_more_numbers_than_there_are_is_a_wrong_setting(cache, dimensions):
    order = embedding_order(cache)
    record = replace(order.record, options=ModelOptions(dimensions=dimensions))
    with pytest.raises(SettingsError, match="384"), open_embedding(replace(order, record=record)):
        pass


def test_pooling_takes_no_padding_in():
    tokens = np.array([[[1.0, 0], [3, 2], [9, 9]], [[5, 1], [0, 0], [9, 9]]], np.float32)
    mask = np.array([[1, 1, 0], [1, 0, 0]])
    assert pooled(tokens, mask, Pooling.MEAN).tolist() == [[2, 1], [5, 1]]
    assert pooled(tokens, mask, Pooling.FIRST).tolist() == [[1, 0], [5, 1]]
    assert pooled(tokens, mask, Pooling.LAST).tolist() == [[3, 2], [5, 1]]


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="the extra is installed")
def test_weights_for_sentence_transformers_name_what_to_install(cache, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    shutil.copy(Catalog(cache).tokenizer(MINILM), tmp_path / "tokenizer.json")
    order = embedding_order(cache, (tmp_path / "model.safetensors").as_uri())
    with pytest.raises(MissingPackage) as caught, open_embedding(order):
        pass
    assert "janus-lab[sentence-transformers]" in caught.value.remedy
