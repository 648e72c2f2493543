"""Models that a lab knows: what they are for, where they come from, and how they are to be loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class ModelTask(StrEnum):
    """What a model is for."""

    GENERATION = "generation"
    EMBEDDING = "embedding"
    RERANKING = "reranking"


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How one model is loaded or reached. 0, None or "" leaves it to the settings, or to what the model's file says.

    `context_tokens` is the window of one request and `parallel_requests` how many windows are kept at once; `gpu_layers` -1 means
    all. `cache_type` is the format of keys and values (`f16`, `q8_0`). `idle_seconds` is how long it stays loaded unused, and
    a `pinned` one is never unloaded for others. `dimensions` cuts embeddings to their first so many, for models that were trained
    for it. `query_prefix` and `passage_prefix` are what an embedding model reads before a query, and before a text that is searched
    (None: what its own files say; "": nothing). For servers: `remote_model` is the name they know it by, `key_variable` the
    environment variable that holds the key (the key itself is kept nowhere), `command` what starts a server of our own.
    """

    context_tokens: int = 0
    parallel_requests: int = 0
    gpu_layers: int | None = None
    cache_type: str = ""
    idle_seconds: float | None = None
    pinned: bool = False
    precision: str = ""
    dimensions: int = 0
    query_prefix: str | None = None
    passage_prefix: str | None = None
    remote_model: str = ""
    key_variable: str = ""
    timeout_seconds: float = 0.0
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A model that was made known under a name. `uri` says where it is: a source of files, or a server."""

    name: str
    task: ModelTask
    uri: str
    options: ModelOptions = field(default_factory=ModelOptions)
    added_at: float = 0.0

    @property
    def served(self) -> bool:
        """Whether a server runs it, which we neither load nor measure."""
        return self.uri.partition(":")[0] in ("http", "https")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model's files on this machine: the first one is opened (a split GGUF's first part). Sizes in bytes.

    `content_hash` is the SHA-256 of the file, or of the parts' hashes in order; `licence` an SPDX expression, the words of
    its publisher, or "unknown"; `source` names what it was fetched from and at which revision.
    """

    uri: str
    paths: tuple[str, ...]
    size: int
    content_hash: str
    licence: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model at the commit that its `uri` meant when the hub was asked, under the licence that its publisher states there.

    `page` is where a person reads about it and its terms.
    """

    uri: str
    commit: str
    licence: str
    page: str


@dataclass(frozen=True, slots=True)
class ModelShape:
    """What a GGUF file's metadata says that decides how much memory it takes. Bytes and counts, one entry a layer.

    `layer_bytes` are a layer's weights, `embedding_bytes` the token embedding, `output_bytes` the rest. Of each position a layer
    keeps `key_widths` and `value_widths` numbers (0: none, as in a layer that has only a state, or uses another's cache);
    `windows` are the positions that a layer sees (0: all). `key_length` and `value_length` are one head's.
    """

    architecture: str
    layer_bytes: tuple[int, ...]
    embedding_bytes: int
    output_bytes: int
    tied: bool
    key_widths: tuple[int, ...]
    value_widths: tuple[int, ...]
    heads: int
    key_length: int
    value_length: int
    embedding_length: int
    feed_forward_length: int
    vocabulary: int
    trained_context: int
    windows: tuple[int, ...] = ()
    recurrent_bytes: tuple[int, ...] = ()
    """State of a layer that keeps no cache of positions, for one sequence."""
    experts_used: int = 0
    """Experts that each token goes through, in a layer that has several; each is `feed_forward_length` wide. 0: there are none."""
    quantization: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    """More for people: parameters, author, licence, as the file says."""


class Origin(StrEnum):
    """Where a figure comes from."""

    ESTIMATED = "estimated"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Footprint:
    """Memory of a loaded model by resource (`ram`, `vram:0`), in bytes: weights, cache of keys and values, buffers to compute in."""

    weights: Mapping[str, int]
    cache: Mapping[str, int]
    compute: Mapping[str, int]
    origin: Origin = Origin.ESTIMATED

    def total(self) -> dict[str, int]:
        """All of it by resource."""
        whole: dict[str, int] = {}
        for part in (self.weights, self.cache, self.compute):
            for resource, amount in part.items():
                whole[resource] = whole.get(resource, 0) + amount
        return whole


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """How a model is laid out: everything that decides how much memory it takes and where.

    `context_tokens` is one request's window and `cells` how many positions the cache has for all of them. `gpu_layers` counts
    from the end, the output among them, as llama.cpp does; `devices` are the accelerators' ids in the order of `tensor_split`.
    Of one batch, likelihoods are told after `outputs` tokens at most, or after one of each sequence, for which llama.cpp makes room
    when it loads: for more it would take memory later, which it reports to nobody.
    """

    context_tokens: int = 2048
    cells: int = 2048
    sequences: int = 4
    batch_tokens: int = 512
    outputs: int = 4
    cache_type: str = "f16"
    flash_attention: bool = True
    gpu_layers: int = 0
    devices: tuple[str, ...] = ()
    tensor_split: tuple[float, ...] = ()
    note: str = ""
    """Why it is not what was wished for: such as "half the window, as memory is short"; "" if it is."""

    def same(self, other: LoadPlan) -> bool:
        """Whether both lay a model out alike, whatever the reasons."""
        return replace(self, note="") == replace(other, note="")


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a load or a benchmark showed on one machine, for a model's content and the plan it was loaded by.

    Speeds are tokens a second (0: not measured yet).
    """

    content_hash: str
    machine: str
    plan: LoadPlan
    footprint: Footprint
    at: float
    load_seconds: float = 0.0
    prompt_speed: float = 0.0
    generation_speed: float = 0.0
    loads: int = 1


class CircuitState(StrEnum):
    """Whether a server is asked: CLOSED lets requests through, OPEN none, HALF_OPEN one to try."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Circuit:
    """A model's circuit: its state, what was the last failure, when it changed, and when it is tried again."""

    name: str
    state: CircuitState = CircuitState.CLOSED
    failures: int = 0
    reason: str = ""
    changed_at: float = 0.0
    again_at: float = 0.0
