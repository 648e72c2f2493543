"""The starter's embedding model as a GGUF file, as llama.cpp's own converter would write it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from embedding_orders import MINILM
from gguf import GGMLQuantizationType, GGUFWriter, PoolingType, TokenType
from gguf.quants import quantize

from janus_lab.adapters.backend.bert_weights import BertWeights, Linear, Norm, read_weights
from janus_lab.inference.catalog import Catalog

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_CONTINUES = "##"
_BEGINS = "▁"


def write_minilm(
    path: Path, cache: Path, *, pooling: PoolingType = PoolingType.MEAN, head: npt.NDArray[np.float32] | None = None
) -> Path:
    """Write it, with weights in Q8_0. With a `head` and pooling by rank it gives that product of its first token's vector as a score."""
    catalog = Catalog(cache)
    weights = read_weights(catalog.find(MINILM).path)
    vocabulary = json.loads(catalog.tokenizer(MINILM).read_text(encoding="utf-8"))["model"]["vocab"]
    writer = GGUFWriter(path, "bert")
    _metadata(writer, weights, pooling)
    _words(writer, sorted(vocabulary, key=vocabulary.__getitem__))
    _tensors(writer, weights)
    if head is not None:
        writer.add_tensor("cls.output.weight", head.reshape(1, -1))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _metadata(writer: GGUFWriter, weights: BertWeights, pooling: PoolingType) -> None:
    writer.add_name("all-MiniLM-L6-v2")
    writer.add_license("apache-2.0")
    writer.add_context_length(512)
    writer.add_embedding_length(weights.hidden)
    writer.add_block_count(len(weights.layers))
    writer.add_feed_forward_length(4 * weights.hidden)
    writer.add_head_count(weights.heads)
    writer.add_layer_norm_eps(weights.epsilon)
    writer.add_causal_attention(value=False)
    writer.add_pooling_type(pooling)
    writer.add_file_type(7)


def _words(writer: GGUFWriter, words: list[str]) -> None:
    """Words that begin one are marked, and those that go on are not, the other way round than in the tokenizer's file."""
    special = [word for word in words if word.startswith("[") and word.endswith("]") and len(word) > len("[x]")]
    told = [
        word if word in special else word.removeprefix(_CONTINUES) if word.startswith(_CONTINUES) else _BEGINS + word
        for word in words
    ]
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_type_count(2)
    writer.add_token_list(told)
    writer.add_token_types([TokenType.CONTROL if word in special else TokenType.NORMAL for word in words])
    pad, unknown, first, last, mask = map(words.index, _SPECIAL)
    writer.add_bos_token_id(first)
    writer.add_eos_token_id(last)
    writer.add_unk_token_id(unknown)
    writer.add_sep_token_id(last)
    writer.add_pad_token_id(pad)
    writer.add_mask_token_id(mask)


def _tensors(writer: GGUFWriter, weights: BertWeights) -> None:
    _table(writer, "token_embd.weight", weights.words.rows * weights.words.scale)
    writer.add_tensor("position_embd.weight", (weights.positions.rows * weights.positions.scale).astype(np.float32))
    writer.add_tensor("token_types.weight", np.stack([weights.first_type, weights.first_type]))
    _norm(writer, "token_embd_norm", weights.norm)
    for number, layer in enumerate(weights.layers):
        name = f"blk.{number}."
        for part, linear in zip(("attn_q", "attn_k", "attn_v"), _parts(layer.attention), strict=True):
            _linear(writer, name + part, linear)
        _linear(writer, f"{name}attn_output", layer.attention_output)
        _norm(writer, f"{name}attn_output_norm", layer.attention_norm)
        _linear(writer, f"{name}ffn_up", layer.intermediate)
        _linear(writer, f"{name}ffn_down", layer.output)
        _norm(writer, f"{name}layer_output_norm", layer.output_norm)


def _parts(linear: Linear) -> list[Linear]:
    """Query, key and value, which stand side by side."""
    sides = (np.split(each, 3, axis=-1) for each in (linear.weight, linear.scale, linear.bias))
    return [Linear(*part) for part in zip(*sides, strict=True)]


def _linear(writer: GGUFWriter, name: str, linear: Linear) -> None:
    _table(writer, f"{name}.weight", np.ascontiguousarray((linear.weight * linear.scale).T))
    writer.add_tensor(f"{name}.bias", linear.bias)


def _norm(writer: GGUFWriter, name: str, norm: Norm) -> None:
    writer.add_tensor(f"{name}.weight", norm.gain)
    writer.add_tensor(f"{name}.bias", norm.offset)


def _table(writer: GGUFWriter, name: str, rows: npt.NDArray[np.float32]) -> None:
    packed = quantize(rows.astype(np.float32), GGMLQuantizationType.Q8_0)
    writer.add_tensor(name, packed, raw_dtype=GGMLQuantizationType.Q8_0)
