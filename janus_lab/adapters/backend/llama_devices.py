"""The accelerators that this build of llama.cpp computes on, as it counts them."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from janus_lab.adapters.backend.llama_library import imported
from janus_lab.errors import MissingPackage

_GPU, _INTEGRATED = 1, 2  # ggml_backend_dev_type
_LIBRARIES = {"cuda": "nvidia", "vulkan": "nvidia", "sycl": "nvidia", "hip": "amd", "metal": "apple"}
"""Kinds of accelerators by the part of ggml that computes on them."""


@dataclass(frozen=True, slots=True)
class Accelerator:
    """An accelerator: its id in the machine's samples, what llama.cpp calls it, such as CUDA0, and its handle there."""

    id: str
    name: str
    handle: int


def accelerators() -> tuple[Accelerator, ...]:
    """All that this process sees, by their number there as `id`; none where llama.cpp was built for processors only.

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


def chosen(ids: Sequence[str], numbers: Mapping[str, int]) -> tuple[Accelerator, ...]:
    """The accelerators of these ids; `numbers` as a `LoadOrder` has them. Raises MissingPackage if llama.cpp does not know one of them."""
    if not ids:
        return ()
    known = {one.id: one for one in accelerators()}
    places = {one: str(numbers.get(one, one)) for one in ids}
    missing = [one for one in ids if places[one] not in known]
    if missing:
        raise MissingPackage(
            f"llama.cpp as installed does not compute on accelerator {', '.join(missing)}",
            remedy="install llama-cpp-python built for it (CMAKE_ARGS=-DGGML_CUDA=on), or set gpu_layers to 0",
        )
    return tuple(replace(known[places[one]], id=one) for one in ids)


def built_for() -> frozenset[str]:
    """Kinds of accelerators that llama.cpp as installed computes on, told by its files: nothing of it is loaded."""
    package = find_spec("llama_cpp")
    folders = (package.submodule_search_locations if package is not None else None) or ()
    files = [file.name for folder in folders for file in Path(folder, "lib").glob("*ggml-*")]
    return frozenset(kind for part, kind in _LIBRARIES.items() if any(f"ggml-{part}" in name for name in files))


def _ggml() -> Any:
    imported()
    from llama_cpp._ggml import libggml

    libggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    libggml.ggml_backend_dev_get.argtypes, libggml.ggml_backend_dev_get.restype = [ctypes.c_size_t], ctypes.c_void_p
    libggml.ggml_backend_dev_type.argtypes, libggml.ggml_backend_dev_type.restype = [ctypes.c_void_p], ctypes.c_int
    libggml.ggml_backend_dev_name.argtypes, libggml.ggml_backend_dev_name.restype = [ctypes.c_void_p], ctypes.c_char_p
    return libggml
