"""What a plan means in llama.cpp's own words: everything that decides how much memory a model takes, and where."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

from janus_lab.adapters.backend.llama_devices import chosen
from janus_lab.errors import SettingsError
from janus_lab.values.model import LoadPlan

CACHE_TYPES = {"f32": 0, "f16": 1, "bf16": 30, "q8_0": 8, "q5_1": 7, "q5_0": 6, "q4_1": 3, "q4_0": 2}
"""Formats of keys and values, as ggml numbers them. Those of fewer than 16 bits need flash attention."""


def model_parameters(plan: LoadPlan, numbers: Mapping[str, int]) -> Any:
    """For `llama_model_load_from_file`. Accelerators that the plan does not name are left alone, even for scratch work.

    `numbers` as a `LoadOrder` has them. Raises MissingPackage if llama.cpp can't compute on an accelerator that the plan names.
    """
    import llama_cpp

    devices = chosen(plan.devices, numbers)
    params = llama_cpp.llama_model_default_params()
    params.n_gpu_layers = plan.gpu_layers
    # A list that ends in nothing; an empty one keeps llama.cpp from taking all there are.
    handles = (ctypes.c_void_p * (len(devices) + 1))(*(one.handle for one in devices), None)
    params.devices = ctypes.addressof(handles)
    split = (ctypes.c_float * llama_cpp.llama_max_devices())(*plan.tensor_split)
    params.main_gpu = 0
    several = len(devices) > 1
    params.split_mode = llama_cpp.LLAMA_SPLIT_MODE_LAYER if several else llama_cpp.LLAMA_SPLIT_MODE_NONE
    if several and plan.tensor_split:
        params.tensor_split = split
    # They live as long as what points at them.
    params.kept = (handles, split)
    return params


def context_parameters(plan: LoadPlan, threads: int) -> Any:
    """For `llama_init_from_model`, with one cache that all sequences share.

    A batch must not ask for the likelihoods after more than `n_outputs_max` tokens: llama.cpp ends the process then. Layers with a sliding
    window keep no more than they see, so a prefix can only be gone on from where `llama_memory_seq_pos_min` says that its
    last window is still there. Raises SettingsError for a cache that can't be.
    """
    import llama_cpp

    if plan.cache_type not in CACHE_TYPES:
        raise SettingsError(
            f"llama.cpp keeps no cache in the format {plan.cache_type!r}",
            remedy=f"choose one of {', '.join(CACHE_TYPES)}",
        )
    params = llama_cpp.llama_context_default_params()
    params.n_ctx = plan.cells
    params.n_seq_max = plan.sequences
    params.n_batch = params.n_ubatch = plan.batch_tokens
    outputs = min(plan.batch_tokens, max(plan.outputs, plan.sequences))
    params.n_outputs_max = params.n_outputs_max_per_seq = outputs
    params.n_threads = params.n_threads_batch = threads
    params.type_k = params.type_v = CACHE_TYPES[plan.cache_type]
    # Where a device or an architecture has no flash attention, llama.cpp goes without it.
    wherever, nowhere = llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO, llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.flash_attn_type = wherever if plan.flash_attention else nowhere
    params.kv_unified = True
    params.swa_full = False
    params.offload_kqv = params.op_offload = bool(plan.devices)
    return params
