"""Which idle models are unloaded when somebody waits for memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_JUST_NOW = 0.001


@dataclass(frozen=True, slots=True)
class Idle:
    """A loaded model that nobody uses: what its lease covers by resource, for how long it is unused, how long its load took."""

    name: str
    weights: Mapping[str, int]
    idle_seconds: float
    load_seconds: float

    @property
    def regret(self) -> float:
        """What its loss will cost, as well as that can be known: seconds to load it again, the less likely the longer it rests."""
        return self.load_seconds / max(self.idle_seconds, _JUST_NOW)


def weights_of(models: Sequence[Idle]) -> dict[str, int]:
    """What they would give back together, in bytes by resource."""
    found: dict[str, int] = {}
    for model in models:
        for name, amount in model.weights.items():
            found[name] = found.get(name, 0) + amount
    return found


def to_unload(idle: Sequence[Idle], lacking: Mapping[str, int]) -> list[str]:
    """Names of models whose unloading frees `lacking` (bytes by resource), those first that will be missed least.

    None that holds nothing of it, and none too many. If all of them together are not enough, all that help are named: who
    waits gets the rest when work ends, and would otherwise see it go to others.
    """
    missing = {name: amount for name, amount in lacking.items() if amount > 0}
    chosen: list[Idle] = []
    for model in sorted(idle, key=lambda one: (one.regret, one.name)):
        if _helps(model, missing):
            chosen.append(model)
            missing = _less(missing, model)
    if missing:
        return [model.name for model in chosen]
    return [model.name for model in _needed(chosen, lacking)]


def _needed(chosen: Sequence[Idle], lacking: Mapping[str, int]) -> list[Idle]:
    """Without those that turned out superfluous once larger ones joined them, the dearest spared first."""
    needed = list(chosen)
    for model in reversed(chosen):
        others = [one for one in needed if one is not model]
        if all(sum(one.weights.get(name, 0) for one in others) >= amount for name, amount in lacking.items()):
            needed = others
    return needed


def _helps(model: Idle, missing: Mapping[str, int]) -> bool:
    return any(model.weights.get(name, 0) > 0 for name in missing)


def _less(missing: Mapping[str, int], model: Idle) -> dict[str, int]:
    left = {name: amount - model.weights.get(name, 0) for name, amount in missing.items()}
    return {name: amount for name, amount in left.items() if amount > 0}
