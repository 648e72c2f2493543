"""What each layer of a GGUF model keeps while it runs, by the same rules as llama.cpp reads them from the metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from janus_lab.adapters.backend.gguf_facts import GgufFacts

_FLOAT = 4


@dataclass(frozen=True, slots=True)
class _Sliding:
    """All but every `period`-th layer see a window: the last of each period sees all, or the first; 0: no layer sees all."""

    period: int
    window: int = 0
    first: bool = False


_SLIDING: Mapping[str, _Sliding] = {
    "afmoe": _Sliding(4),
    "cohere2": _Sliding(4),
    "cohere2moe": _Sliding(4, first=True),
    "exaone-moe": _Sliding(4, 128),
    "gemma2": _Sliding(2, 4096),
    "gemma3": _Sliding(6),
    "gemma3n": _Sliding(5),
    "gpt-oss": _Sliding(2),
    "laguna": _Sliding(4, first=True),
    "lfm2": _Sliding(0),
    "lfm2moe": _Sliding(0),
    "llama4": _Sliding(4, 8192),
    "mellum": _Sliding(4),
    "muse-glimmer": _Sliding(4),
    "olmo2": _Sliding(4),
    "plamo3": _Sliding(8),
    "smallthinker": _Sliding(4, first=True),
}
"""Architectures whose files may not say which layers see a window. Others that name a window without a list don't use it."""
_EXAONE4_LARGE = 64
_WITHOUT_CACHE = frozenset(
    [
        "bert",
        "modern-bert",
        "nomic-bert",
        "nomic-bert-moe",
        "neo-bert",
        "jina-bert-v2",
        "jina-bert-v3",
        "eurobert",
        "gemma-embedding",
        "wavtokenizer-dec",
        "dream",
        "llada",
        "llada-moe",
        "rnd1",
    ]
)
_RECURRENT = frozenset(["mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"])
_STATE_WHERE_NO_HEADS = frozenset(
    [
        "jamba",
        "plamo2",
        "granitehybrid",
        "lfm2",
        "lfm2moe",
        "nemotron_h",
        "nemotron_h_moe",
        "kimi-linear",
        "bailingmoe3",
    ]
)
_ATTENTION_EACH = {"qwen3next": 4, "qwen35": 4, "qwen35moe": 4, "minimax-01": 8}
"""Of so many layers one keeps positions, if the file says nothing else."""
_BOTH = frozenset({"falcon-h1"})


@dataclass(frozen=True, slots=True)
class Kept:
    """What every layer keeps: numbers of keys and values of a position, the positions it sees (0: all), bytes of its state."""

    key_widths: tuple[int, ...]
    value_widths: tuple[int, ...]
    windows: tuple[int, ...]
    states: tuple[int, ...]


def kept_by_layers(facts: GgufFacts) -> Kept:
    """What the layers of a model keep."""
    windows = _windows(facts)
    heads = facts.by_layer("attention.head_count_kv", facts.number("attention.head_count"))
    recurrent = _recurrent(facts, heads)
    both = facts.architecture in _BOTH
    keeping = [
        (not recurrent[layer] or both) and facts.architecture not in _WITHOUT_CACHE and layer < _own_caches(facts)
        for layer in range(facts.layers)
    ]
    keys, values = head_lengths(facts)
    sliding = facts.number("attention.key_length_swa", keys), facts.number("attention.value_length_swa", values)
    latent = facts.has("attention.key_length_mla") and facts.has("attention.value_length_mla")
    lengths = [sliding if windows[layer] else (keys, values) for layer in range(facts.layers)]
    return Kept(
        tuple(heads[n] * lengths[n][0] if keeping[n] else 0 for n in range(facts.layers)),
        # Latent attention reads its values out of the keys.
        tuple(heads[n] * lengths[n][1] if keeping[n] and not latent else 0 for n in range(facts.layers)),
        windows,
        tuple(_state_bytes(facts) if recurrent[n] else 0 for n in range(facts.layers)),
    )


def head_lengths(facts: GgufFacts) -> tuple[int, int]:
    """Numbers of one head's key and of its value."""
    share = facts.number("embedding_length") // max(1, facts.number("attention.head_count"))
    return facts.number("attention.key_length", share), facts.number("attention.value_length", share)


def _own_caches(facts: GgufFacts) -> int:
    """How many of the first layers keep a cache; those behind use one of theirs, or predict more than one token."""
    if facts.architecture == "gemma3n":
        return 20
    return facts.layers - facts.number("attention.shared_kv_layers") - facts.number("nextn_predict_layers")


def _windows(facts: GgufFacts) -> tuple[int, ...]:
    none = (0,) * facts.layers
    rule = _SLIDING.get(facts.architecture)
    if facts.architecture == "exaone4" and facts.layers == _EXAONE4_LARGE:
        rule = _Sliding(4, 4096)
    window = facts.number("attention.sliding_window", rule.window if rule else 0)
    if facts.architecture in ("llama4", "smallthinker") and window:
        window = {"llama4": 8192, "smallthinker": 4096}[facts.architecture]
    listed = facts.listed("attention.sliding_window_pattern")
    if not window or (rule is None and listed is None):
        return none
    if listed is not None:
        return tuple(window if n < len(listed) and listed[n] else 0 for n in range(facts.layers))
    return tuple(window if _slides(rule, facts, n) else 0 for n in range(facts.layers))


def _slides(rule: _Sliding | None, facts: GgufFacts, layer: int) -> bool:
    if rule is None:
        return False
    period = facts.number("attention.sliding_window_pattern", rule.period)
    if period == 0:
        return True
    return layer % period != (0 if rule.first else period - 1)


def _recurrent(facts: GgufFacts, heads: tuple[int, ...]) -> tuple[bool, ...]:
    """Which layers have a state for a sequence."""
    layers = range(facts.layers)
    if facts.architecture in _RECURRENT or facts.architecture in _BOTH:
        return (True,) * facts.layers
    if facts.architecture in _STATE_WHERE_NO_HEADS:
        forward = facts.by_layer("feed_forward_length", 0)
        alone = facts.architecture.startswith("nemotron_h")
        return tuple(heads[n] == 0 and not (alone and forward[n]) for n in layers)
    if facts.architecture in _ATTENTION_EACH:
        listed = facts.listed("attention.recurrent_layers")
        if listed is not None:
            return tuple(n < len(listed) and bool(listed[n]) for n in layers)
        each = facts.number("full_attention_interval", _ATTENTION_EACH[facts.architecture])
        return tuple((n + 1) % max(1, each) != 0 for n in layers)
    return (False,) * facts.layers


def _state_bytes(facts: GgufFacts) -> int:
    """A layer's state for one sequence, in numbers of 32 bits."""
    width = facts.number("embedding_length")
    if head := facts.number("wkv.head_size"):
        return _FLOAT * (facts.number("token_shift_count", 2) * width + width * head)
    if reach := facts.number("shortconv.l_cache"):
        return _FLOAT * width * (reach - 1)
    heads = facts.number("attention.head_count")
    reach = facts.number("ssm.conv_kernel")
    if head := facts.number("kda.head_dim"):
        return _FLOAT * (3 * ((reach or 4) - 1) * heads * head + head * head * heads)
    if facts.architecture == "minimax-01":
        return _FLOAT * heads * head_lengths(facts)[0] ** 2
    inner, state = facts.number("ssm.inner_size"), facts.number("ssm.state_size")
    groups = facts.number("ssm.group_count")
    return _FLOAT * (max(0, reach - 1) * (inner + 2 * groups * state) + inner * state)
