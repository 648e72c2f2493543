"""Weights stored as floats, rounded to int8: one scale for each output of a product, and for each row of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from janus_lab.adapters.backend.bert_weights import Floats, Linear, Table

_STEPS = 127
_LEAST = 1e-12


def int8_linear(linear: Linear) -> Linear:
    """The layer with int8 weights; itself if it has them."""
    if linear.weight.dtype == np.int8:
        return linear
    integers, scale = _rounded(linear.weight * linear.scale, axis=0)
    return Linear(integers, scale.reshape(-1), linear.bias)


def int8_table(table: Table) -> Table:
    """The table with int8 rows; itself if it has them."""
    return table if table.rows.dtype == np.int8 else Table(*_rounded(table.rows * table.scale, axis=1))


def _rounded(values: npt.NDArray[Any], axis: int) -> tuple[npt.NDArray[np.int8], Floats]:
    scale = np.maximum(np.abs(values).max(axis=axis, keepdims=True), _LEAST) / _STEPS
    return np.rint(values / scale).astype(np.int8), scale.astype(np.float32)
