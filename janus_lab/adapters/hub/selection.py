"""Which files of a repository make one model."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from janus_lab.adapters.hub.address import HubAddress
from janus_lab.errors import NotFound
from janus_lab.values.gguf_parts import parts_of

_PREFERRED = ("Q4_K_M", "Q4_0", "Q8_0", "F16")
"""Formats of weights, for who names no file: small enough to run anywhere, good enough to be of use, first."""
_WHOLE = ("onnx/model.onnx", "model.onnx")
_QUANTIZED = ("onnx/model_quantized.onnx", "onnx/model_int8.onnx")
_OURS = "BertModel"
"""The architecture of encoders that are rounded to int8 here, where what that costs is known."""
CARD, CONFIG, PROMPTS = "README.md", "config.json", "config_sentence_transformers.json"
_BESIDE = (
    "tokenizer.json",
    "tokenizer_config.json",
    CONFIG,
    "special_tokens_map.json",
    "sentence_bert_config.json",
    "1_Pooling/config.json",
    PROMPTS,
)
_EXTERNAL = ("_data", ".data")
_OF_TORCH = re.compile(r"(\d+_\w+/)?[\w.-]+\.(json|txt|model)|\d+_\w+/model\.safetensors")
"""What sentence-transformers reads beside a model's weights: small files, and folders of its further parts. No pickles."""
_LISTED = 12


@dataclass(frozen=True, slots=True)
class Selection:
    """A model's weights, the first to be opened first, and the small files that belong with it."""

    weights: tuple[str, ...]
    beside: tuple[str, ...]


def select(address: HubAddress, names: Collection[str], architectures: Collection[str] = ()) -> Selection:
    """The files that an address means, among those that are there. Raises NotFound, with names to choose from.

    `architectures` are what the model's own configuration says it is.
    """
    file = address.file or _suitable(address, names, _QUANTIZED if _OURS not in architectures else ())
    weights = parts_of(file)
    missing = [name for name in weights if name not in names]
    if missing:
        models = [name for name in sorted(names) if name.endswith((".gguf", ".onnx"))]
        raise NotFound(f"{address.repository} has no file {missing[0]}", remedy=_choice(models))
    if file.endswith(".safetensors"):
        parts = [name for name in sorted(names) if _OF_TORCH.fullmatch(name) and name not in weights]
        return Selection(weights, (*parts, *_present(names, CARD)))
    if not file.endswith(".onnx"):
        return Selection(weights, _present(names, PROMPTS, CARD))
    external = _present(names, *(file + ending for ending in _EXTERNAL))
    folder = str(PurePosixPath(file).parent)
    beside = [_nearest(names, folder, name) for name in _BESIDE]
    return Selection((*weights, *external), (*filter(None, beside), *_present(names, CARD)))


def _suitable(address: HubAddress, names: Collection[str], preferred: tuple[str, ...]) -> str:
    """The file to be opened, for who names none; of ONNX files one of the `preferred`, else the whole, else a quantized one."""
    models = [name for name in sorted(names) if name.endswith(".gguf") and "mmproj" not in name.lower()]
    firsts = sorted({parts_of(name)[0] for name in models})
    if len(firsts) == 1:
        return firsts[0]
    for format_ in _PREFERRED:
        if fitting := [name for name in firsts if re.search(rf"\b{format_}\b", name.upper())]:
            return min(fitting, key=len)
    for name in (*preferred, *_WHOLE, *_QUANTIZED):
        if name in names:
            return name
    raise NotFound(
        f"{address.repository} has {'several files' if firsts else 'no file'} that could be meant",
        remedy=_choice(firsts),
    )


def _choice(models: list[str]) -> str:
    if not models:
        return "choose a repository with GGUF or ONNX files"
    more = f" and {len(models) - _LISTED} more" if len(models) > _LISTED else ""
    return f"name one of: {', '.join(models[:_LISTED])}{more}"


def _present(names: Collection[str], *wanted: str) -> tuple[str, ...]:
    return tuple(name for name in wanted if name in names)


def _nearest(names: Collection[str], folder: str, name: str) -> str:
    """The file of that name beside the model, else at the repository's root; "" if there is none."""
    beside = name if folder == "." else f"{folder}/{name}"
    return next(iter(_present(names, beside, name)), "")
