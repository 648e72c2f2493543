"""What a GGUF model will take when it is loaded by a plan, told by its shape alone: how llama.cpp lays it out.

Weights and caches follow from the metadata. The buffers to compute in follow from what is alive at once in the widest moment of a pass,
found by having llama.cpp size many shapes without loading them; `benchmarks/model_memory.py` shows how near it comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

from janus_lab.values.lease import RAM, vram
from janus_lab.values.model import Footprint, LoadPlan, ModelShape

BLOCK_BYTES: Mapping[str, int] = {
    "f32": 128,
    "f16": 64,
    "bf16": 64,
    "q8_0": 34,
    "q5_1": 24,
    "q5_0": 22,
    "q4_1": 20,
    "q4_0": 18,
}
"""Bytes of 32 numbers of a cache, by its format."""
_BLOCK = 32
_FLOAT, _HALF = 4, 2
_CELLS_AT_ONCE = 256
_IN_FLIGHT = 4
"""Where several accelerators take turns, so many batches' inputs are on their way."""
_SMALL_INPUTS = 16 * 1024
_STATE_WIDTHS = 13
"""Vectors that are alive in a layer with a state, counted in embeddings; a state's inner width is two of them."""
_CONVERTED = ("Q4_1", 34 / 20)
"""Weights that are slow on processors are converted to Q8_0, and grow."""


def estimated(shape: ModelShape, plan: LoadPlan) -> Footprint:
    """The memory of a model loaded by a plan, by resource."""
    places = _places(len(shape.layer_bytes), plan)
    if not plan.devices:
        shape = _converted(shape)
    return Footprint(_weights(shape, places), _cache(shape, plan, places), _compute(shape, plan, places))


def position_bytes(shape: ModelShape, cache_type: str) -> int:
    """What one position of the cache takes in all layers, were there no windows."""
    return sum(_row(width, cache_type) for width in (*shape.key_widths, *shape.value_widths))


def layer_bytes(shape: ModelShape, plan: LoadPlan) -> list[int]:
    """What each layer takes with its cache, and last the output."""
    places = tuple(str(layer) for layer in range(len(shape.layer_bytes)))
    cache = _cache(shape, plan, (*places, ""))
    output = shape.output_bytes + (shape.embedding_bytes if shape.tied else 0)
    return [*(size + cache.get(place, 0) for place, size in zip(places, shape.layer_bytes, strict=True)), output]


def _places(layers: int, plan: LoadPlan) -> tuple[str, ...]:
    """The resource that holds each layer, and last the output: as llama.cpp shares them out."""
    there = min(plan.gpu_layers if plan.gpu_layers >= 0 else layers + 1, layers + 1) if plan.devices else 0
    split = plan.tensor_split or (1.0,) * len(plan.devices)
    bounds = list(accumulate(split[: len(plan.devices)]))
    found = [RAM] * (layers + 1 - there)
    for place in range(there):
        device = sum(1 for bound in bounds[:-1] if bound / bounds[-1] <= place / there)
        found.append(vram(plan.devices[device]))
    return tuple(found)


def _converted(shape: ModelShape) -> ModelShape:
    """The token embedding often has a finer format than the layers already."""
    name, growth = _CONVERTED
    if shape.quantization != name:
        return shape
    table = shape.vocabulary * shape.embedding_length * BLOCK_BYTES["q8_0"] // _BLOCK
    return replace(
        shape,
        layer_bytes=tuple(round(size * growth) for size in shape.layer_bytes),
        embedding_bytes=table,
        output_bytes=shape.output_bytes if shape.tied else max(shape.output_bytes, table),
    )


def _weights(shape: ModelShape, places: tuple[str, ...]) -> dict[str, int]:
    """The token embedding is always main memory's; an output that shares it needs a copy elsewhere."""
    found = {RAM: shape.embedding_bytes}
    copied = shape.embedding_bytes if shape.tied and places[-1] != RAM else 0
    for place, size in zip(places, (*shape.layer_bytes, shape.output_bytes + copied), strict=True):
        found[place] = found.get(place, 0) + size
    return found


def _cache(shape: ModelShape, plan: LoadPlan, places: tuple[str, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    windows = shape.windows or (0,) * len(shape.layer_bytes)
    states = shape.recurrent_bytes or (0,) * len(shape.layer_bytes)
    for layer, place in enumerate(places[:-1]):
        row = _row(shape.key_widths[layer], plan.cache_type) + _row(shape.value_widths[layer], plan.cache_type)
        size = row * _cells(plan, windows[layer]) + states[layer] * plan.sequences
        if size:
            found[place] = found.get(place, 0) + size
    return found


def _row(width: int, cache_type: str) -> int:
    return width * BLOCK_BYTES[cache_type] // _BLOCK


def _cells(plan: LoadPlan, window: int) -> int:
    """Positions of a layer's cache: those of the plan, or no more than its window shows to all sequences and a batch."""
    cells = _padded(plan.cells)
    return min(cells, _padded(window * plan.sequences + _batch(plan))) if window else cells


def _batch(plan: LoadPlan) -> int:
    return min(plan.batch_tokens, plan.cells)


def _padded(cells: int) -> int:
    return -(-cells // _CELLS_AT_ONCE) * _CELLS_AT_ONCE


def _compute(shape: ModelShape, plan: LoadPlan, places: tuple[str, ...]) -> dict[str, int]:
    """Of each resource that computes. Main memory holds the inputs and the likelihoods besides."""
    work = _Work.of(shape, plan)
    output = _FLOAT * shape.vocabulary * plan.sequences
    found = {RAM: output + (work.widest(output=places[-1] == RAM) if places[0] == RAM else work.inputs)}
    devices = set(places) - {RAM}
    whole = len(devices) > 1 and places[0] != RAM
    for device in devices:
        waiting = (_IN_FLIGHT - 1) * work.inputs if whole else 0
        found[device] = work.widest(output=places[-1] == device) + waiting
    return found


def _state_space(shape: ModelShape) -> bool:
    """Whether layers compute with a state as such, and don't merely keep the last few embeddings."""
    return max(shape.recurrent_bytes, default=0) > 8 * _FLOAT * shape.embedding_length


@dataclass(frozen=True, slots=True)
class _Work:
    """What a batch makes on its way through a layer, in bytes: vectors of all its tokens, masks, scores of every head."""

    embedding: int
    queries: int
    keys: int
    forward: int
    experts: int
    masks: int
    scores: int
    state: int
    likelihoods: int

    @classmethod
    def of(cls, shape: ModelShape, plan: LoadPlan) -> _Work:
        """For a batch of the plan's size."""
        tokens = _batch(plan)
        vector = _FLOAT * tokens
        # Layers that see everything have one mask, those with a window another.
        windows = set(shape.windows or (0,)) if any(shape.key_widths) else set()
        reach = [_cells(plan, window) for window in windows]
        flash = plan.flash_attention
        masks = sum(reach) * tokens * (_HALF if flash else _FLOAT)
        embedding = vector * shape.embedding_length
        outputs = min(tokens, max(plan.outputs, plan.sequences))
        return cls(
            embedding,
            vector * shape.heads * shape.key_length,
            vector * max(shape.key_widths, default=0),
            vector * shape.feed_forward_length * max(1, shape.experts_used),
            embedding * shape.experts_used,
            masks,
            0 if flash else max(reach, default=0) * vector * shape.heads,
            _STATE_WIDTHS * embedding if _state_space(shape) else 0,
            _FLOAT * outputs * (shape.vocabulary + shape.embedding_length),
        )

    @property
    def inputs(self) -> int:
        """What a batch is given."""
        return self.embedding + self.masks + _SMALL_INPUTS

    def widest(self, *, output: bool) -> int:
        """The moment in which most is alive; `output` says that likelihoods are made here as well."""
        most = max(self._attention(), self._forward(), self.state)
        return max(most, self.likelihoods + 2 * self.embedding if output else 0) + _SMALL_INPUTS

    def _attention(self) -> int:
        alive = 3 * self.embedding + 2 * self.queries + self.masks
        return alive + (self.scores + 2 * self.keys if self.scores else max(0, 2 * self.keys - self.queries))

    def _forward(self) -> int:
        # What the experts give is put where gate and width were, if it has room there.
        given = self.experts if self.experts > 2 * self.forward else 0
        return 3 * self.embedding + self.queries + 3 * self.forward + given + self.masks
