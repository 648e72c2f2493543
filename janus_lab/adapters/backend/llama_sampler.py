"""Which token comes next: the likeliest, or one by chance under a seed."""

from __future__ import annotations

from typing import Any

from janus_lab.adapters.backend.llama_constrained import ConstrainedSampler
from janus_lab.adapters.backend.llama_context import LlamaContext
from janus_lab.adapters.backend.llama_requests import Sampler
from janus_lab.adapters.backend.structured.constraint import Constraint
from janus_lab.values.generation import GenerationRequest

_TOP_K, _TOP_P = 40, 0.95


def open_sampler(request: GenerationRequest, constraint: Constraint | None = None) -> Sampler:
    """Chooses as the request says, among what the constraint allows: the likeliest token at temperature 0, else by chance."""
    import llama_cpp as api

    if request.temperature <= 0:
        return _Likeliest() if constraint is None else ConstrainedSampler(constraint)
    chain = _chain(api, request)
    return _ByChance(api, chain) if constraint is None else ConstrainedSampler(constraint, api, chain)


def _chain(api: Any, request: GenerationRequest) -> Any:
    """Samplers of llama.cpp under the request's seed."""
    chain: Any = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
    for part in (
        api.llama_sampler_init_top_k(_TOP_K),
        api.llama_sampler_init_top_p(_TOP_P, 1),
        api.llama_sampler_init_temp(request.temperature),
        api.llama_sampler_init_dist(request.seed & 0xFFFFFFFF),
    ):
        api.llama_sampler_chain_add(chain, part)
    return chain


class _Likeliest:
    """Without llama.cpp's samplers, which sort all of the vocabulary's tokens for every one chosen."""

    over = False

    def choose(self, context: LlamaContext, place: int) -> int:
        return int(context.logits(place).argmax())

    def close(self) -> None:
        """Nothing is held."""


class _ByChance:
    """A chain of llama.cpp's samplers."""

    over = False

    def __init__(self, api: Any, chain: Any) -> None:
        self._api = api
        self._chain = chain

    def choose(self, context: LlamaContext, place: int) -> int:
        return context.sample(self._chain, place)

    def close(self) -> None:
        self._api.llama_sampler_free(self._chain)
