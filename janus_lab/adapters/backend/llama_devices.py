"""The accelerators that this build of llama.cpp computes on, by the ids that the machine's sample gives them."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from janus_lab.errors import MissingPackage

_GPU, _INTEGRATED = 1, 2  # ggml_backend_dev_type


@dataclass(frozen=True, slots=True)
class Accelerator:
    """An accelerator: its id in samples, what llama.cpp calls it, such as CUDA0, and its handle there."""

    id: str
    name: str
    handle: int


def accelerators() -> tuple[Accelerator, ...]:
    """All of them, in the order of their ids; none where llama.cpp was built for processors only.

    CUDA counts them as NVML does, by their place on the bus, unless the user's CUDA_DEVICE_ORDER says otherwise.
    """
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    ggml = _ggml()
    handles = [ggml.ggml_backend_dev_get(index) for index in range(ggml.ggml_backend_dev_count())]
    usable = [handle for handle in handles if ggml.ggml_backend_dev_type(handle) in (_GPU, _INTEGRATED)]
    return tuple(
        Accelerator(str(index), ggml.ggml_backend_dev_name(handle).decode("utf-8", "replace"), handle)
        for index, handle in enumerate(usable)
    )


def chosen(ids: Sequence[str]) -> tuple[Accelerator, ...]:
    """The accelerators of these ids. An instance of a divided one is the only accelerator that its process sees.

    Raises MissingPackage if llama.cpp does not know one of them.
    """
    if not ids:
        return ()
    known = accelerators()
    by_id = {one.id: one for one in known}
    if len(known) == 1:
        by_id |= {one: Accelerator(one, known[0].name, known[0].handle) for one in ids if "." in one}
    missing = [one for one in ids if one not in by_id]
    if missing:
        raise MissingPackage(
            f"llama.cpp as installed does not compute on accelerator {', '.join(missing)}",
            remedy="install llama-cpp-python built for it (CMAKE_ARGS=-DGGML_CUDA=on), or set gpu_layers to 0",
        )
    return tuple(by_id[one] for one in ids)


def _ggml() -> Any:
    from llama_cpp._ggml import libggml

    libggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    libggml.ggml_backend_dev_get.argtypes, libggml.ggml_backend_dev_get.restype = [ctypes.c_size_t], ctypes.c_void_p
    libggml.ggml_backend_dev_type.argtypes, libggml.ggml_backend_dev_type.restype = [ctypes.c_void_p], ctypes.c_int
    libggml.ggml_backend_dev_name.argtypes, libggml.ggml_backend_dev_name.restype = [ctypes.c_void_p], ctypes.c_char_p
    return libggml
