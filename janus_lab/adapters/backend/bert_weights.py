"""The weights of a BERT encoder, read out of whatever ONNX graph they were exported in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import onnx

Floats = npt.NDArray[np.float32]

_TABLE = 2
_QUERY_BIAS = re.compile(r"^(?P<prefix>.*)encoder\.layer\.(?P<layer>\d+)\.attention\.self\.query\.bias$")


class UnknownGraph(Exception):
    """The file is an ONNX graph, but not a BERT encoder as it is understood here."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear layer: weights `(inputs, outputs)` as they are stored, int8 or floats, one scale an output, and the bias `(outputs,)`."""

    weight: npt.NDArray[Any]
    scale: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Norm:
    """Gain and offset of a layer normalisation, each `(hidden,)`."""

    gain: Floats
    offset: Floats


@dataclass(frozen=True, slots=True)
class Table:
    """An embedding table: rows `(entries, hidden)` as they are stored, int8 or floats, and one scale a row `(entries, 1)`."""

    rows: npt.NDArray[Any]
    scale: Floats


@dataclass(frozen=True, slots=True)
class Layer:
    """One encoder layer; `attention` holds query, key and value side by side."""

    attention: Linear
    attention_output: Linear
    attention_norm: Norm
    intermediate: Linear
    output: Linear
    output_norm: Norm


@dataclass(frozen=True, slots=True)
class BertWeights:
    """A whole encoder. `first_type` is the embedding that every token of a single text gets."""

    words: Table
    positions: Table
    first_type: Floats
    norm: Norm
    layers: tuple[Layer, ...]
    heads: int
    epsilon: float

    @property
    def hidden(self) -> int:
        """The length of an embedding."""
        return int(self.words.rows.shape[1])


def read_weights(path: Path) -> BertWeights:
    """The encoder in an ONNX file whose weights are stored as floats, or as int8 with scales. Raises UnknownGraph if it holds none.

    A file of the second kind computes `float(int8) * scale` before each product; what is read here are those very integers,
    so a graph built from them loses nothing.
    """
    import onnx

    model = onnx.load(str(path))
    return _Reader(model).encoder()


class _Reader:
    """Finds weights by the names that PyTorch gave them, and through the graph where a name was lost on the way."""

    def __init__(self, model: onnx.ModelProto) -> None:
        from onnx import numpy_helper

        self._constants: dict[str, npt.NDArray[Any]] = {
            i.name: numpy_helper.to_array(i) for i in model.graph.initializer
        }
        self._nodes = model.graph.node
        self._maker: Mapping[str, Any] = {name: node for node in self._nodes for name in node.output}
        found = [match for name in self._constants if (match := _QUERY_BIAS.match(name))]
        if not found:
            raise UnknownGraph("no attention layers by the names BERT has")
        if not any(node.op_type in ("Erf", "Gelu", "BiasGelu") for node in self._nodes):
            raise UnknownGraph("its layers are not activated as BERT's are")
        self._prefix = found[0]["prefix"]
        self._layers = 1 + max(int(match["layer"]) for match in found)
        self._products = self._find_products()

    def encoder(self) -> BertWeights:
        words = self._table("embeddings.word_embeddings.weight")
        return BertWeights(
            words=words,
            positions=self._table("embeddings.position_embeddings.weight"),
            first_type=self._constant("embeddings.token_type_embeddings.weight")[0],
            norm=self._norm("embeddings.LayerNorm"),
            layers=tuple(self._layer(f"encoder.layer.{n}.") for n in range(self._layers)),
            heads=self._heads(int(words.rows.shape[1])),
            epsilon=self._epsilon(),
        )

    def _layer(self, name: str) -> Layer:
        parts = [self._linear(f"{name}attention.self.{part}") for part in ("query", "key", "value")]
        return Layer(
            attention=Linear(
                np.concatenate([p.weight for p in parts], axis=1),
                np.concatenate([p.scale for p in parts]),
                np.concatenate([p.bias for p in parts]),
            ),
            attention_output=self._linear(f"{name}attention.output.dense"),
            attention_norm=self._norm(f"{name}attention.output.LayerNorm"),
            intermediate=self._linear(f"{name}intermediate.dense"),
            output=self._linear(f"{name}output.dense"),
            output_norm=self._norm(f"{name}output.LayerNorm"),
        )

    def _find_products(self) -> dict[str, str]:
        """Bias name → name of the weight whose product it is added to."""
        products: dict[str, str] = {}
        for node in self._nodes:
            if node.op_type != "Add":
                continue
            for bias, other in (node.input, reversed(node.input)):
                made_by = self._maker.get(other)
                if bias in self._constants and made_by is not None and made_by.op_type == "MatMul":
                    products[bias] = made_by.input[1]
        return products

    def _linear(self, name: str) -> Linear:
        bias = f"{self._prefix}{name}.bias"
        weight, scale = self._stored(self._products.get(bias, ""))
        scales = np.ones(weight.shape[1], np.float32) if scale is None else scale.reshape(-1)
        return Linear(weight, scales, self._constant(f"{name}.bias"))

    def _table(self, name: str) -> Table:
        rows, scale = self._stored(self._prefix + name)
        return Table(rows, np.ones((len(rows), 1), np.float32) if scale is None else scale)

    def _stored(self, name: str) -> tuple[npt.NDArray[Any], Floats | None]:
        """A constant of floats; or else the constants behind `name`, which the graph makes as `Mul(Cast(integers), scale)`."""
        stored = self._constants.get(name)
        if stored is not None and stored.ndim == _TABLE and np.issubdtype(stored.dtype, np.floating):
            return stored.astype(np.float32), None
        scaling = self._maker.get(name)
        casting = self._maker.get(scaling.input[0]) if scaling is not None and scaling.op_type == "Mul" else None
        if scaling is None or casting is None or casting.op_type != "Cast":
            raise UnknownGraph(f"{name or 'a weight'} is stored neither as floats nor as int8 with scales")
        integers, scale = self._constants.get(casting.input[0]), self._constants.get(scaling.input[1])
        if integers is None or scale is None or integers.dtype != np.int8:
            raise UnknownGraph(f"{name} is not stored as int8 with scales")
        return integers, scale.astype(np.float32)

    def _norm(self, name: str) -> Norm:
        return Norm(self._constant(f"{name}.weight"), self._constant(f"{name}.bias"))

    def _constant(self, name: str) -> Floats:
        found = self._constants.get(self._prefix + name)
        if found is None:
            raise UnknownGraph(f"{name} is missing")
        return found.astype(np.float32)

    def _heads(self, hidden: int) -> int:
        """From the size of one head, the last number that queries are reshaped to."""
        for node in self._nodes:
            if node.op_type == "Concat" and len(node.input) == 4:  # noqa: PLR2004 (batch, tokens, heads, head size)
                last = self._constants.get(node.input[3])
                if last is not None and last.size == 1 and last > 0 and hidden % int(last.item()) == 0:
                    return hidden // int(last.item())
        raise UnknownGraph("the number of attention heads can't be seen")

    def _epsilon(self) -> float:
        for node in self._nodes:
            if node.op_type == "LayerNormalization":
                return next((float(a.f) for a in node.attribute if a.name == "epsilon"), 1e-5)
        raise UnknownGraph("no layer normalisation")
