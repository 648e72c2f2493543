"""llama.cpp started, and weights read from their file as a plan says, for as long as somebody wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from janus_lab.adapters.backend.llama_library import imported
from janus_lab.adapters.backend.llama_log import last_error, quiet
from janus_lab.adapters.backend.llama_parameters import model_parameters
from janus_lab.adapters.backend.read_ahead import read_ahead
from janus_lab.errors import ModelFailed
from janus_lab.values.load_order import LoadOrder


def started() -> Any:
    """llama.cpp, ready to load models, and quiet. Raises MissingPackage."""
    api = imported()
    quiet()
    api.llama_backend_init()
    return api


def load_weights(path: Path, order: LoadOrder, *, remedy: str) -> Any:
    """The model in a file, to be freed by the caller. llama.cpp asks after each tensor whether it is to go on.

    Raises MissingPackage, what `order.still_wanted` raises, and ModelFailed with the `remedy` if the file can't be loaded.
    """
    import llama_cpp

    ended: list[BaseException] = []

    def goes_on(_part: float, _data: object) -> bool:
        try:
            order.still_wanted()
        except BaseException as error:  # noqa: BLE001 - raised below: nothing gets through the native code in between
            ended.append(error)
        return not ended

    order.still_wanted()
    parts = [Path(part) for part in order.files.paths] if order.files is not None and path == order.file else [path]
    read_ahead(parts, order.still_wanted)
    params = model_parameters(order.plan, order.numbers)
    params.progress_callback = llama_cpp.llama_progress_callback(goes_on)
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
    if ended:
        if model:
            llama_cpp.llama_model_free(model)
        raise ended[0]
    if not model:
        raise ModelFailed(f"llama.cpp can't load {path.name}: {last_error()}", remedy=remedy)
    return model
