"""A lean ONNX graph of a BERT encoder with mean pooling, made of the fused operators that ONNX Runtime is fast at.

The int8 graph quantises activations row by row, a token at a time: a text's embedding does not depend on what else is in
its batch, and is nearer to full precision than with one scale for the whole batch, which is what
`onnxruntime.quantization.quantize_dynamic` would give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.bert_int8 import int8_linear, int8_table
from janus_lab.adapters.backend.bert_weights import BertWeights, Layer, Linear, Norm, Table

RECIPE = 3
"""Raise it whenever the graph computes something else: prepared files and embeddings are kept under it."""

IDS, MASK, EMBEDDING = "input_ids", "attention_mask", "embedding"
_FUSED = "com.microsoft"


class Precision(StrEnum):
    """In what the products are computed."""

    INT8 = "int8"
    FP32 = "fp32"


def write_graph(weights: BertWeights, precision: Precision, path: Path, *, first_token: bool = False) -> None:
    """Write the graph: token ids and mask, both int64 `(batch, tokens)`, to unit embeddings `(batch, hidden)`.

    They are of the mean of a text's tokens, or of its `first_token`.
    """
    import onnx

    graph = _Builder(precision)
    hidden = graph.embedded(weights)
    mask = graph.node("Cast", [MASK], to=onnx.TensorProto.INT32)
    for number, layer in enumerate(weights.layers):
        hidden = graph.layer(f"layer.{number}", layer, hidden, mask, weights)
    graph.pooled(graph.first(hidden) if first_token else graph.total(hidden))
    onnx.save(graph.model(weights.hidden), str(path))


@dataclass(frozen=True, slots=True)
class _Values:
    """How a row of activations becomes unsigned bytes, the kind that processors multiply with signed ones.

    `zero` is the byte for 0 and `steps` how many there are above it. A row is taken to reach up to `least` at least.
    """

    zero: int
    steps: int
    least: float
    signed: bool


_AROUND_ZERO = _Values(128, 127, 1e-9, signed=True)
_AFTER_GELU = _Values(16, 239, 0.18 * 239 / 16, signed=False)
"""Gelu gives nothing below -0.17, so nearly all bytes are for what lies above 0, and no sign has to be dropped first."""


class _Builder:
    """Collects nodes and constants."""

    def __init__(self, precision: Precision) -> None:
        self._precision = precision
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        from onnx import numpy_helper

        self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def nodes(self, kind: str, inputs: Sequence[str], outputs: int, **attributes: Any) -> list[str]:
        from onnx import helper

        names = [f"{kind}_{len(self._nodes)}_{n}" for n in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    def node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        return self.nodes(kind, inputs, 1, **attributes)[0]

    def embedded(self, weights: BertWeights) -> str:
        """Words, positions and type added up and normalised. Word rows are scaled when looked up, which keeps them small."""
        from onnx import TensorProto

        table = weights.words if self._precision is Precision.FP32 else int8_table(weights.words)
        rows = self.node("Gather", [self.constant("words", table.rows), IDS])
        scales = self.node("Gather", [self.constant("words.scale", table.scale), IDS])
        words = self.node("Mul", [self.node("Cast", [rows], to=TensorProto.FLOAT), scales])
        places = self.constant("positions", _floats(weights.positions) + weights.first_type)
        length = self.node("Shape", [IDS], start=1, end=2)
        zero = self.constant("zero", np.array([0], np.int64))
        positions = self.node("Slice", [places, zero, length, zero])
        summed = self.node("Add", [words, positions])
        return self.node("LayerNormalization", [summed, *self._norm("norm", weights.norm)], epsilon=weights.epsilon)

    def layer(self, name: str, layer: Layer, hidden: str, mask: str, weights: BertWeights) -> str:
        """Attention, then the two linear layers, each with its residual and normalisation."""
        sizes = self.constant("sizes", np.array([weights.hidden] * 3, np.int64))
        projected = self.product(f"{name}.attention", layer.attention, hidden, _AROUND_ZERO)
        query, key, value = self.nodes("Split", [projected, sizes], 3, axis=-1)
        bias = self.constant(f"{name}.attention.bias", layer.attention.bias)
        attended = self.node(
            "MultiHeadAttention", [query, key, value, bias, mask], domain=_FUSED, num_heads=weights.heads
        )
        told = self.product(f"{name}.attention_output", layer.attention_output, attended, _AROUND_ZERO)
        hidden = self._residual(
            f"{name}.attention_output", (layer.attention_output, layer.attention_norm), told, hidden, weights.epsilon
        )
        wide = self.product(f"{name}.intermediate", layer.intermediate, hidden, _AROUND_ZERO)
        bias = self.constant(f"{name}.intermediate.bias", layer.intermediate.bias)
        active = self.node("BiasGelu", [wide, bias], domain=_FUSED)
        told = self.product(f"{name}.output", layer.output, active, _AFTER_GELU)
        return self._residual(f"{name}.output", (layer.output, layer.output_norm), told, hidden, weights.epsilon)

    def product(self, name: str, linear: Linear, rows: str, values: _Values) -> str:
        """`rows` times the layer's weights, without its bias."""
        if self._precision is Precision.FP32:
            return self.node("MatMul", [rows, self.constant(f"{name}.weight", linear.weight * linear.scale)])
        linear = int8_linear(linear)
        largest = self._largest(rows, values)
        step = self.constant(f"step.{values.zero}", np.array(1 / values.steps, np.float32))
        zero = self.constant(f"zero.{values.zero}", np.array(values.zero, np.uint8))
        integers = self.node("QuantizeLinear", [self.node("Div", [rows, largest]), step, zero])
        weight = self.constant(f"{name}.weight", linear.weight)
        scale = self.constant(f"{name}.scale", linear.scale)
        zeros = self.constant(f"{name}.zeros", np.zeros(linear.scale.shape, np.int8))
        scaled = self.node("MatMulIntegerToFloat", [integers, weight, step, scale, zero, zeros], domain=_FUSED)
        return self.node("Mul", [scaled, largest])

    def _largest(self, rows: str, values: _Values) -> str:
        """What each row is divided by, `(batch, tokens, 1)`: after it, one fixed scale serves the integers of all rows."""
        sizes = self.node("Abs", [rows]) if values.signed else rows
        least = self.constant(f"least.{values.zero}", np.array(values.least, np.float32))
        return self.node("Max", [self.node("ReduceMax", [sizes], axes=[-1], keepdims=1), least])

    def _residual(self, name: str, parts: tuple[Linear, Norm], told: str, hidden: str, epsilon: float) -> str:
        """What a layer's product adds to `hidden`, with the layer's bias, normalised."""
        linear, norm = parts
        biased = self.node("Add", [told, self.constant(f"{name}.bias", linear.bias)])
        # Not the fused SkipLayerNormalization: on CPUs it takes seven times as long as these three, a fifth of the whole.
        summed = self.node("Add", [biased, hidden])
        return self.node("LayerNormalization", [summed, *self._norm(f"{name}.norm", norm)], axis=-1, epsilon=epsilon)

    def _norm(self, name: str, norm: Norm) -> list[str]:
        return [self.constant(f"{name}.gain", norm.gain), self.constant(f"{name}.offset", norm.offset)]

    def first(self, hidden: str) -> str:
        """What stands for the token before the text."""
        found = self.node("Gather", [hidden, self.constant("first", np.array([0], np.int64))], axis=1)
        return self.node("Squeeze", [found, self.constant("one", np.array([1], np.int64))])

    def total(self, hidden: str) -> str:
        """The sum over a text's own tokens; dividing by their number would change nothing, as it is brought to unit length."""
        from onnx import TensorProto

        one = self.constant("one", np.array([1], np.int64))
        chosen = self.node("Unsqueeze", [self.node("Cast", [MASK], to=TensorProto.FLOAT), one])
        return self.node("Squeeze", [self.node("MatMul", [chosen, hidden]), one])

    def pooled(self, total: str) -> None:
        """The embedding: brought to unit length."""
        from onnx import helper

        length = self.node("ReduceL2", [total], axes=[1], keepdims=1)
        self._nodes.append(helper.make_node("Div", [total, length], [EMBEDDING]))

    def model(self, hidden: int) -> Any:
        from onnx import TensorProto, helper

        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in (IDS, MASK)]
        output = helper.make_tensor_value_info(EMBEDDING, TensorProto.FLOAT, ["batch", hidden])
        graph = helper.make_graph(self._nodes, "encoder", inputs, [output], list(self._constants.values()))
        sets = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(graph, opset_imports=sets, ir_version=9)


def _floats(table: Table) -> npt.NDArray[np.float32]:
    return table.rows.astype(np.float32) * table.scale
