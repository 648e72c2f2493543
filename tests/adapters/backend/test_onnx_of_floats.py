"""ONNX exports of BERT encoders with weights in floats, as hubs have them: made fast where that computes the same."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import onnx
import pytest
from embedding_orders import MINILM, embedding_order
from onnx import numpy_helper

from janus_lab.adapters.backend.bert_int8 import int8_linear
from janus_lab.adapters.backend.bert_weights import Linear
from janus_lab.adapters.backend.embedding_files import open_embedding
from janus_lab.errors import ModelFailed
from janus_lab.inference.catalog import Catalog
from janus_lab.values.model import ModelOptions

TEXTS = ["Tides follow the moon.", "The keeper counted forty-two ships before breakfast. " * 5, "x"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("prepared")


@pytest.fixture(scope="module")
def graph(cache):
    """The packaged graph, each of its products and lookups by floats."""
    model = onnx.load(str(Catalog(cache).find(MINILM).path))
    constants = {each.name: each for each in model.graph.initializer}
    makers = {name: node for node in model.graph.node for name in node.output}
    for node in list(model.graph.node):
        casting = makers.get(node.input[0]) if node.op_type == "Mul" else None
        if casting is None or casting.op_type != "Cast" or casting.input[0] not in constants:
            continue
        integers, scale = (numpy_helper.to_array(constants[name]) for name in (casting.input[0], node.input[1]))
        whole = numpy_helper.from_array(integers.astype(np.float32) * scale, node.output[0])
        model.graph.initializer.append(whole)
        model.graph.initializer.remove(constants[casting.input[0]])
        model.graph.node.remove(node)
        model.graph.node.remove(casting)
    return model


@pytest.fixture
def saved(graph, cache, tmp_path):
    """Saves the graph, changed if a test wants, and says where; `pooling` is what stands beside it."""

    def save(change=lambda _model: None, pooling=None):
        model = onnx.ModelProto()
        model.CopyFrom(graph)
        change(model)
        onnx.save(model, str(tmp_path / "model.onnx"))
        shutil.copy(Catalog(cache).tokenizer(MINILM), tmp_path / "tokenizer.json")
        if pooling:
            (tmp_path / "1_Pooling").mkdir()
            (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
        return (tmp_path / "model.onnx").as_uri()

    return save


def embedded(uri, cache, precision):
    with open_embedding(embedding_order(cache, uri, precision=precision)) as model:
        return model.embed(TEXTS), model.info.variant


def exact(cache):
    return embedded(MINILM, cache, "fp32")[0]


def test_full_precision_is_kept_and_int8_made_of_it(saved, cache):
    uri = saved()
    whole, fast = embedded(uri, cache, "fp32"), embedded(uri, cache, "int8")
    assert (whole[1], fast[1]) == ("fp32/3", "int8/3")
    np.testing.assert_allclose(whole[0], exact(cache), atol=1e-5)
    assert (fast[0] * whole[0]).sum(axis=1).min() > 0.98
    made = {path.name.split("-")[1]: path.stat().st_size for path in cache.glob("*.onnx")}
    assert made["int8"] < 0.3 * made["fp32"]


def test_one_that_pools_by_its_first_token_is_made_fast_too(saved, cache, tmp_path):
    uri = saved(pooling={"pooling_mode_cls_token": True})
    whole, fast = embedded(uri, cache, "fp32"), embedded(uri, cache, "int8")
    assert (whole[1], fast[1]) == ("fp32/3/cls", "int8/3/cls")
    assert (fast[0] * whole[0]).sum(axis=1).min() > 0.97
    assert (whole[0] * exact(cache)).sum(axis=1).max() < 0.95
    renamed = saved_as_unknown(tmp_path)
    np.testing.assert_allclose(embedded(renamed, cache, "")[0], whole[0], atol=1e-5)


def saved_as_unknown(folder):
    """The same graph by names that nobody knows, which is run as it is."""
    model = onnx.load(str(folder / "model.onnx"))
    for each in (*model.graph.node, *model.graph.initializer):
        if isinstance(each, onnx.NodeProto):
            each.input[:] = [name.replace("encoder.layer", "block") for name in each.input]
        else:
            each.name = each.name.replace("encoder.layer", "block")
    onnx.save(model, str(folder / "unknown.onnx"))
    return (folder / "unknown.onnx").as_uri()


def test_one_that_works_in_another_way_under_the_same_names_is_run_as_it_is(saved, cache):
    def activated_otherwise(model):
        for node in [node for node in model.graph.node if node.op_type == "Erf"][1:]:
            node.op_type = "Neg"

    found, variant = embedded(saved(activated_otherwise), cache, "int8")
    assert variant == "as-is/1"
    assert np.isfinite(found).all()
    assert (found * exact(cache)).sum(axis=1).max() < 0.9


def test_one_that_pools_by_its_last_token_is_run_as_it_is(saved, cache):
    assert embedded(saved(pooling={"pooling_mode_lasttoken": True}), cache, "int8")[1] == "as-is/1"


def test_a_window_that_the_model_does_not_have_is_refused_when_it_is_loaded(saved, cache):
    order = embedding_order(cache, saved())
    record = replace(order.record, options=ModelOptions(context_tokens=2000))
    with pytest.raises(ModelFailed), open_embedding(replace(order, record=record)):
        pass


def test_rounding_keeps_each_output_within_half_a_step():
    weight = np.random.default_rng(1).normal(size=(64, 8)).astype(np.float32)
    weight[:, 3] = 0
    rounded = int8_linear(Linear(weight, np.ones(8, np.float32), np.zeros(8, np.float32)))
    assert rounded.weight.dtype == np.int8
    error = np.abs(rounded.weight * rounded.scale - weight)
    assert (error <= 0.5001 * rounded.scale).all()
    assert int8_linear(rounded) is rounded
