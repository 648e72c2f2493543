"""GGUF files made here: small models of several architectures that llama.cpp loads and runs, with weights by chance.

They write nonsense, the same at every run. `write(..., filled=False)` leaves the weights out as a hole in the file, so that even the
shape of a large model takes no disk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFWriter, TokenType
from gguf.quants import quantize

_FIXED = ("<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|endoftext|>")
_BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
_LETTERS = tuple(chr(code) for code in range(33, 127))
_WORDS = ("▁", *(f"▁{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"))
_END = 4
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

Shapes = dict[str, tuple[int, ...]]
"""Tensors by name, the longest stride first as numpy has it."""


@dataclass(frozen=True, slots=True)
class Made:
    """A model to be made. `window` is what all but every `pattern`-th layer see; `recurrent` layers keep no positions."""

    architecture: str = "llama"
    layers: int = 2
    embedding: int = 128
    heads: int = 4
    kv_heads: int = 2
    head_size: int = 32
    feed_forward: int = 256
    vocabulary: int = 512
    context: int = 2048
    window: int = 0
    pattern: int = 0
    experts: int = 0
    experts_used: int = 0
    recurrent: tuple[int, ...] = ()
    tied: bool = True
    weights: GGMLQuantizationType = GGMLQuantizationType.F16
    chat_template: str = CHAT_TEMPLATE
    licence: str = "apache-2.0"

    def tensors(self) -> Shapes:
        """All tensors."""
        shapes: Shapes = {"token_embd.weight": (self.vocabulary, self.embedding)}
        shapes["token_embd_norm.weight" if self.architecture == "lfm2" else "output_norm.weight"] = (self.embedding,)
        if not self.tied:
            shapes["output.weight"] = (self.vocabulary, self.embedding)
        for layer in range(self.layers):
            shapes |= {f"blk.{layer}.{name}": shape for name, shape in self._layer(layer).items()}
        return shapes

    def _layer(self, layer: int) -> Shapes:
        if self.architecture == "mamba":
            return self._state_space()
        mixing = self._convolution() if layer in self.recurrent else self._attention()
        return {"attn_norm.weight": (self.embedding,), "ffn_norm.weight": (self.embedding,), **mixing, **self._ffn()}

    def _attention(self) -> Shapes:
        queries, keys = self.heads * self.head_size, self.kv_heads * self.head_size
        shapes: Shapes = {"attn_output.weight": (self.embedding, queries)}
        if self.architecture == "phi3":
            return shapes | {"attn_qkv.weight": (queries + 2 * keys, self.embedding)}
        sizes = {"attn_q": queries, "attn_k": keys, "attn_v": keys}
        shapes |= {f"{name}.weight": (size, self.embedding) for name, size in sizes.items()}
        if self.architecture == "qwen2":
            shapes |= {f"{name}.bias": (size,) for name, size in sizes.items()}
        if self.architecture in ("gemma3", "qwen3", "qwen3moe", "lfm2"):
            shapes |= {"attn_q_norm.weight": (self.head_size,), "attn_k_norm.weight": (self.head_size,)}
        if self.architecture in ("gemma2", "gemma3"):
            shapes |= {"post_attention_norm.weight": (self.embedding,), "post_ffw_norm.weight": (self.embedding,)}
        return shapes

    def _convolution(self) -> Shapes:
        size = self.embedding
        return {
            "shortconv.conv.weight": (size, 3),
            "shortconv.in_proj.weight": (3 * size, size),
            "shortconv.out_proj.weight": (size, size),
        }

    def _ffn(self) -> Shapes:
        up, down = (self.feed_forward, self.embedding), (self.embedding, self.feed_forward)
        if self.architecture == "phi3":
            return {"ffn_up.weight": (2 * up[0], up[1]), "ffn_down.weight": down}
        names = {"ffn_gate": up, "ffn_up": up, "ffn_down": down}
        if not self.experts:
            return {f"{name}.weight": shape for name, shape in names.items()}
        shapes: Shapes = {f"{name}_exps.weight": (self.experts, *shape) for name, shape in names.items()}
        return shapes | {"ffn_gate_inp.weight": (self.experts, self.embedding)}

    def _state_space(self) -> Shapes:
        size, inner, rank = self.embedding, 2 * self.embedding, self.embedding // 16
        return {
            "attn_norm.weight": (size,),
            "ssm_in.weight": (2 * inner, size),
            "ssm_conv1d.weight": (inner, 4),
            "ssm_conv1d.bias": (inner,),
            "ssm_x.weight": (rank + 32, inner),
            "ssm_dt.weight": (inner, rank),
            "ssm_dt.bias": (inner,),
            "ssm_a": (inner, 16),
            "ssm_d": (inner,),
            "ssm_out.weight": (size, inner),
        }


_MOE = Made("qwen3moe", feed_forward=64, experts=8, experts_used=2)
SMALL = {
    "llama": Made("llama"),
    "llama-untied": Made("llama", tied=False, weights=GGMLQuantizationType.Q8_0),
    "qwen2": Made("qwen2", layers=3, kv_heads=1),
    "gemma3": Made("gemma3", layers=7, window=512, pattern=6, kv_heads=1, head_size=64),
    "phi3": Made("phi3", kv_heads=4),
    "qwen3moe": _MOE,
    "mixtral": replace(_MOE, architecture="llama"),
    "lfm2": Made("lfm2", layers=4, recurrent=(0, 1, 3)),
    "mamba": Made("mamba"),
}
"""One of each architecture, under a megabyte or two."""


def made_model(path: Path, name: str = "llama", **changes: object) -> Path:
    """Write the small model called `name` into `path`, with other fields where `changes` say so."""
    return write(path, replace(SMALL[name], **changes))  # type: ignore[arg-type]  # fields by their names


def write(path: Path, made: Made, *, filled: bool = True) -> Path:
    """Write the model, whole, or as a file with a hole instead of weights: they read as zeros."""
    writer = GGUFWriter(path, made.architecture)
    _metadata(writer, path.stem, made)
    if filled:
        chance = np.random.default_rng(7)
        for name, shape in made.tensors().items():
            values = _values(chance, name, shape)
            kind = _kind(made, name, shape)
            writer.add_tensor(name, quantize(values, kind), raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path
    room = 0
    for name, shape in made.tensors().items():
        kind = _kind(made, name, shape)
        size = _size(shape, kind)
        writer.add_tensor_info(name, shape, np.dtype(np.float32), size, raw_dtype=kind)
        room += GGUFWriter.ggml_pad(size, writer.data_alignment)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    with path.open("r+b") as file:
        file.seek(0, 2)
        file.truncate(GGUFWriter.ggml_pad(file.tell(), writer.data_alignment) + room)
    return path


def _values(chance: np.random.Generator, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    if "norm" in name:
        return np.ones(shape, np.float32)
    if name.endswith("ssm_a"):
        return -np.ones(shape, np.float32)
    return chance.standard_normal(shape, np.float32) * np.float32(shape[-1] ** -0.5)


def _kind(made: Made, name: str, shape: tuple[int, ...]) -> GGMLQuantizationType:
    """Vectors, and what llama.cpp only takes so, are kept at 32 bits."""
    exact = len(shape) == 1 or "ffn_gate_inp" in name or "conv" in name.split(".")[-2] or name.endswith("ssm_a")
    return GGMLQuantizationType.F32 if exact or "ssm_dt" in name else made.weights


def _size(shape: tuple[int, ...], kind: GGMLQuantizationType) -> int:
    block, size = GGML_QUANT_SIZES[kind]
    return int(np.prod(shape, dtype=np.int64)) // block * size


def _metadata(writer: GGUFWriter, name: str, made: Made) -> None:
    writer.add_name(name)
    writer.add_license(made.licence)
    writer.add_context_length(made.context)
    writer.add_embedding_length(made.embedding)
    writer.add_block_count(made.layers)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_feed_forward_length(made.feed_forward)
    writer.add_file_type(1)
    if made.architecture == "mamba":
        writer.add_ssm_conv_kernel(4)
        writer.add_ssm_inner_size(2 * made.embedding)
        writer.add_ssm_state_size(16)
        writer.add_ssm_time_step_rank(made.embedding // 16)
    else:
        _attention(writer, made)
    _vocabulary(writer, made)
    writer.add_chat_template(made.chat_template)


def _attention(writer: GGUFWriter, made: Made) -> None:
    writer.add_head_count(made.heads)
    if made.recurrent:
        writer.add_head_count_kv([0 if layer in made.recurrent else made.kv_heads for layer in range(made.layers)])
        writer.add_shortconv_l_cache(3)
    else:
        writer.add_head_count_kv(made.kv_heads)
    writer.add_key_length(made.head_size)
    writer.add_value_length(made.head_size)
    writer.add_rope_dimension_count(made.head_size)
    if made.window:
        writer.add_sliding_window(made.window)
    if made.experts:
        writer.add_expert_count(made.experts)
        writer.add_expert_used_count(made.experts_used)
        writer.add_expert_feed_forward_length(made.feed_forward)


def _vocabulary(writer: GGUFWriter, made: Made) -> None:
    known = [*_FIXED, *_BYTES, *_WORDS, *_LETTERS]
    tokens = [*known, *(f"▁w{number}" for number in range(made.vocabulary - len(known)))]
    kinds = [TokenType.CONTROL] * len(_FIXED) + [TokenType.BYTE] * len(_BYTES)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(place) for place in range(len(tokens))])
    writer.add_token_types([*kinds, *[TokenType.NORMAL] * (len(tokens) - len(kinds))])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(_END)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(value=True)
