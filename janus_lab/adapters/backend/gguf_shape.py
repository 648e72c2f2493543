"""A GGUF model's shape, from its files' headers alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from gguf.constants import LlamaFileType

from janus_lab.adapters.backend.gguf_facts import GgufFacts
from janus_lab.adapters.backend.gguf_header import GgufHeader, Tensor, read_header
from janus_lab.adapters.backend.gguf_layers import head_lengths, kept_by_layers
from janus_lab.values.model import ModelShape

_LAYER = re.compile(r"blk\.(\d{1,4})\.")
_INPUT = ("token_embd", "token_types", "position_embd", "per_layer_token_embd")
_TOLD = {
    "name": "general.name",
    "author": "general.author",
    "organisation": "general.organization",
    "size": "general.size_label",
    "fine tuned for": "general.finetune",
    "quantised by": "general.quantized_by",
    "licence": "general.license",
    "url": "general.url",
}


def read_shape(paths: Sequence[str | Path]) -> ModelShape:
    """The shape of the model in these files: one, or all parts of a split one, the first one first.

    Raises CorruptFile for what is no whole GGUF model, NotFound for a file that can't be read.
    """
    headers = [read_header(Path(path)) for path in paths]
    return shape_of(headers, Path(paths[0]).name)


def shape_of(headers: Sequence[GgufHeader], name: str) -> ModelShape:
    """The shape that headers tell; `name` is for errors. Raises CorruptFile."""
    facts = GgufFacts(headers[0], name)
    tensors = [tensor for header in headers for tensor in header.tensors]
    kept = kept_by_layers(facts)
    key_length, value_length = head_lengths(facts)
    by_name = {tensor.name: tensor for tensor in tensors}
    return ModelShape(
        architecture=facts.architecture,
        layer_bytes=_layer_bytes(facts, tensors),
        embedding_bytes=_sum(t for t in tensors if t.name.startswith(_INPUT)),
        output_bytes=_sum(t for t in tensors if not t.name.startswith(_INPUT) and not _LAYER.match(t.name)),
        tied="output.weight" not in by_name,
        key_widths=kept.key_widths,
        value_widths=kept.value_widths,
        heads=facts.number("attention.head_count"),
        key_length=key_length,
        value_length=value_length,
        embedding_length=facts.number("embedding_length"),
        feed_forward_length=facts.number("expert_feed_forward_length") or facts.number("feed_forward_length"),
        vocabulary=facts.length("tokenizer.ggml.tokens") or _rows(by_name.get("token_embd.weight")),
        trained_context=facts.number("context_length"),
        windows=kept.windows,
        recurrent_bytes=kept.states,
        experts_used=facts.number("expert_used_count"),
        quantization=_quantization(facts),
        facts=_told(facts, tensors),
    )


def _layer_bytes(facts: GgufFacts, tensors: Iterable[Tensor]) -> tuple[int, ...]:
    sizes = [0] * facts.layers
    for tensor in tensors:
        if found := _LAYER.match(tensor.name):
            layer = int(found[1])
            if layer >= facts.layers:
                raise facts.corrupt(f"it has a layer {layer}, though only {facts.layers} layers")
            sizes[layer] += tensor.size
    return tuple(sizes)


def _sum(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.size for tensor in tensors)


def _rows(tensor: Tensor | None) -> int:
    return tensor.dimensions[-1] if tensor and tensor.dimensions else 0


def _quantization(facts: GgufFacts) -> str:
    try:
        return LlamaFileType(facts.whole_number("general.file_type")).name.removeprefix("MOSTLY_").removeprefix("ALL_")
    except ValueError:
        return ""


def _told(facts: GgufFacts, tensors: Iterable[Tensor]) -> dict[str, str]:
    told = {what: text for what, key in _TOLD.items() if (text := facts.text(key)[:200])}
    told["parameters"] = str(sum(_numbers(tensor) for tensor in tensors))
    if experts := facts.number("expert_count"):
        told["experts"] = str(experts)
    return told


def _numbers(tensor: Tensor) -> int:
    count = 1
    for size in tensor.dimensions:
        count *= size
    return count
