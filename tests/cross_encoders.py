"""Small real cross-encoders, made here: graphs that read a question and a text together and give a score that can be foretold."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
from embedding_orders import MINILM, embedding_order
from onnx import TensorProto, helper, numpy_helper

from janus_lab.inference.catalog import Catalog
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import ModelTask

_LAST_SPECIAL = 103
"""Tokens up to this one are control tokens."""


def overlap_model(folder: Path, cache: Path, *, labels: int = 1) -> Path:
    """A cross-encoder's file in `folder`, its tokenizer beside it: its score is how many of the question's tokens the text has.

    With two labels, "no" has the question's tokens that the text lacks, and "yes" those that it has.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "overlap.onnx"
    onnx.save(_overlap(labels), str(path))
    shutil.copy(Catalog(cache).tokenizer(MINILM), folder / "tokenizer.json")
    return path


def overlap_order(cache: Path, *, labels: int = 1) -> LoadOrder:
    """The order to open one."""
    path = overlap_model(cache / f"overlap-{labels}", cache, labels=labels)
    return embedding_order(cache, path.as_uri(), task=ModelTask.RERANKING)


def _overlap(labels: int) -> onnx.ModelProto:
    nodes: list[onnx.NodeProto] = []

    def made(kind: str, *inputs: str, output: str = "", **attributes: int | list[int]) -> str:
        name = output or f"{kind}_{len(nodes)}"
        nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    floats = {name: made("Cast", name, to=TensorProto.FLOAT) for name in ("attention_mask", "token_type_ids")}
    word = made("Cast", made("Greater", "input_ids", "last_special"), to=TensorProto.FLOAT)
    real = made("Mul", floats["attention_mask"], word)
    second = made("Mul", real, floats["token_type_ids"])
    first = made("Sub", real, second)
    same = made("Equal", made("Unsqueeze", "input_ids", "two"), made("Unsqueeze", "input_ids", "one"))
    found = made("Mul", made("Cast", same, to=TensorProto.FLOAT), made("Unsqueeze", second, "one"))
    has = made("Mul", made("ReduceMax", found, axes=[2], keepdims=0), first)
    yes = made("ReduceSum", has, "one", keepdims=1)
    no = made("ReduceSum", made("Sub", first, has), "one", keepdims=1)
    parts = [yes] if labels == 1 else [no, yes] if labels == 2 else [no, yes, yes]
    made("Concat", *parts, output="logits", axis=1)
    constants = {
        "one": np.array([1], np.int64),
        "two": np.array([2], np.int64),
        "last_special": np.array(_LAST_SPECIAL),
    }
    names = ("input_ids", "attention_mask", "token_type_ids")
    graph = helper.make_graph(
        nodes,
        "overlap",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in names],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(parts)])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
